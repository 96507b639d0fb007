import { LightningElement, api } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import { notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import retry from '@salesforce/apex/SyncFailureController.retry';
import { sentenceOf } from 'c/screenError';

/** Quick action on a failure: makes a parked outgoing call again. */
export default class RetryFailure extends LightningElement {
    @api recordId;

    error;
    isBusy = false;
    isDone = false;

    get cannotRetry() {
        return this.isBusy || this.isDone;
    }

    async handleRetry() {
        this.isBusy = true;
        this.error = undefined;
        try {
            await retry({ failureId: this.recordId });
            this.isDone = true;
            await notifyRecordUpdateAvailable([{ recordId: this.recordId }]);
        } catch (error) {
            this.error = sentenceOf(error);
        } finally {
            this.isBusy = false;
        }
    }

    handleClose() {
        this.dispatchEvent(new CloseActionScreenEvent());
    }
}
