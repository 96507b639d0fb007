import { LightningElement, api, wire } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import { notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import look from '@salesforce/apex/SyncFailureController.look';
import retry from '@salesforce/apex/SyncFailureController.retry';
import { sentenceOf } from 'c/screenError';

/** Quick action on a failure: what it was, and another try, here or by the middleware. */
export default class RetryFailure extends LightningElement {
    @api recordId;

    failure;
    error;
    isBusy = false;
    isDone = false;

    @wire(look, { failureId: '$recordId' })
    takeFailure({ data, error }) {
        this.failure = data;
        if (error) {
            this.error = sentenceOf(error);
        }
    }

    get what() {
        const { what, about } = this.failure;
        return about ? `${what} of ${about}` : what;
    }

    get timesText() {
        const { attempts } = this.failure;
        if (!attempts) {
            return 'at least once';
        }
        return attempts === 1 ? 'once' : `${attempts} times`;
    }

    get question() {
        return this.failure.isOfMiddleware
            ? 'Try it again? The middleware takes the event up where it failed; what is newer in Salesforce stays.'
            : 'Make this call to Stripe again? It has the same idempotency key, so nothing is made twice.';
    }

    get doneText() {
        return this.failure.isOfMiddleware
            ? 'The middleware tries it again within a few minutes.'
            : 'The call is queued and is made within a minute.';
    }

    get canRetry() {
        return this.failure && !this.failure.obstacle && !this.isDone;
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
