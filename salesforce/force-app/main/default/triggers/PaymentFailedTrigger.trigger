trigger PaymentFailedTrigger on Payment_Failed__e(after insert) {
    new PaymentFailedTriggerHandler().run();
}
