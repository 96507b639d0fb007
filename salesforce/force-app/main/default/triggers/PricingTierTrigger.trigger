trigger PricingTierTrigger on Pricing_Tier__c(
    before insert,
    before update,
    after insert,
    after update,
    after delete,
    after undelete
) {
    new PricingTierTriggerHandler().run();
}
