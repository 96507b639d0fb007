trigger PricingPlanTrigger on Pricing_Plan__c(before insert, before update) {
    new PricingPlanTriggerHandler().run();
}
