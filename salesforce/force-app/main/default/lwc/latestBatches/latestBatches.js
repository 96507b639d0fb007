import { LightningElement, api } from 'lwc';
import latest from '@salesforce/apex/SyncBatchController.latest';
import { sentenceOf } from 'c/screenError';
import { listPage, recordPage } from 'c/pages';
import { agoText, countText, spanText } from 'c/timeText';

/** What the last bulk writes did. */
export default class LatestBatches extends LightningElement {
    /** The org's time of the page's look, ISO 8601: ages are told by it. */
    @api now;

    batches;
    error;

    allPage = listPage('Sync_Batch__c', 'All');

    connectedCallback() {
        return this.refresh();
    }

    @api
    async refresh() {
        try {
            this.batches = await latest();
            this.error = undefined;
        } catch (error) {
            this.error = sentenceOf(error);
        }
    }

    get isLoading() {
        return !this.batches && !this.error;
    }

    get isEmpty() {
        return this.batches?.length === 0;
    }

    get rows() {
        return (this.batches ?? []).map((batch) => ({
            ...batch,
            page: recordPage(batch.id),
            object: batch.about?.replace(/__c$/, '').replaceAll('_', ' '),
            sentText: countText(batch.sent ?? 0),
            writtenText: countText(batch.succeeded ?? 0),
            refusedText: countText(batch.refused ?? 0),
            failedText: countText(batch.failed ?? 0),
            hasFailed: batch.failed > 0,
            lag: Number.isFinite(batch.lagSeconds) ? spanText(batch.lagSeconds) : '–',
            finished: batch.finishedAt ? agoText(batch.finishedAt, this.now) : 'under way'
        }));
    }
}
