trigger PricingPlanTrigger on Pricing_Plan__c(
    before insert,
    before update,
    after insert,
    after update,
    after delete,
    after undelete
) {
    new PricingPlanTriggerHandler().run();
}
