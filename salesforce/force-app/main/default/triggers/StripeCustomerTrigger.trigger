trigger StripeCustomerTrigger on Stripe_Customer__c(before insert, before update, after insert, after update) {
    new StripeCustomerTriggerHandler().run();
}
