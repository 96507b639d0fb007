trigger PaymentTransactionTrigger on Payment_Transaction__c(before insert, before update, after insert, after update) {
    new PaymentTransactionTriggerHandler().run();
}
