trigger StripeWorkTrigger on Stripe_Work__e(after insert) {
    new StripeWorkTriggerHandler().run();
}
