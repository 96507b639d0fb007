import { LightningElement, api } from 'lwc';
import LightningConfirm from 'lightning/confirm';
import overview from '@salesforce/apex/SyncFailureController.overview';
import ofCategory from '@salesforce/apex/SyncFailureController.ofCategory';
import retry from '@salesforce/apex/SyncFailureController.retry';
import retryCategory from '@salesforce/apex/SyncFailureController.retryCategory';
import { sentenceOf } from 'c/screenError';
import { listPage, recordPage } from 'c/pages';
import { agoText, countText } from 'c/timeText';

const MEANINGS = {
    Network: 'Somebody did not answer, or had no time, for longer than we try.',
    Business: 'A rule of Salesforce or Stripe said no, or a right is missing.',
    Data: 'What was sent does not fit.'
};
const UNNAMED = 'Without category';
const AT_ONCE = 200;
const LISTED = 50;

/** What waits for a person, by category; its failures, and another try of one or of all. */
export default class OpenFailures extends LightningElement {
    /** The org's time of the page's look, ISO 8601: ages are told by it. */
    @api now;

    overview;
    error;
    said;
    isBusy = false;
    /** The category that is unfolded; undefined when none is. */
    shown;
    failures;

    allPage = listPage('Sync_Failure__c', 'Open');

    connectedCallback() {
        return this.refresh();
    }

    /** Asks again. What is unfolded stays so. */
    @api
    async refresh() {
        try {
            this.overview = await overview();
            if (this.shown && !this.categories.some(({ key }) => key === this.shown)) {
                this.shown = undefined;
            }
            if (this.shown) {
                await this.list();
            }
            this.error = undefined;
        } catch (error) {
            this.error = sentenceOf(error);
        }
    }

    async list() {
        const key = this.shown;
        const failures = await ofCategory({ category: categoryOf(key) });
        if (key === this.shown) {
            this.failures = failures;
        }
    }

    get title() {
        return this.overview ? `Open failures (${this.totalText})` : 'Open failures';
    }

    get totalText() {
        const { total, isMore } = this.overview;
        return isMore
            ? `more than ${countText(total)}`
            : countText(this.categories.reduce((sum, { open }) => sum + open, 0));
    }

    get isLoading() {
        return !this.overview && !this.error;
    }

    get isEmpty() {
        return this.overview?.total === 0;
    }

    get isTooMany() {
        return this.overview?.isMore;
    }

    get categories() {
        return (this.overview?.categories ?? []).map(({ name, open, retrying, oldestAt }) => {
            const key = name ?? UNNAMED;
            const isShown = key === this.shown;
            return {
                key,
                isShown,
                counts: [`${countText(open)} open`, retrying > 0 ? `${countText(retrying)} being tried again` : '']
                    .filter(Boolean)
                    .join(', '),
                since: oldestAt ? `the oldest ${agoText(oldestAt, this.now)}` : '',
                meaning: MEANINGS[name] ?? '',
                expanded: String(isShown),
                toggleText: isShown ? 'Hide failures' : 'Show failures',
                toggleLabel: `${isShown ? 'Hide' : 'Show'} failures: ${key}`,
                open,
                mayRetry: this.overview.mayRetry && open > 0,
                retryLabel: `Try all again: ${key}`
            };
        });
    }

    get isListing() {
        return !this.failures && !this.error;
    }

    get rows() {
        return (this.failures ?? []).map((failure) => ({
            ...failure,
            page: recordPage(failure.id),
            subject: failure.about ? `${failure.what} of ${failure.about}` : failure.what,
            tries: failure.attempts ?? 1,
            ago: failure.lastFailedAt ? agoText(failure.lastFailedAt, this.now) : '',
            mayRetry: this.overview.mayRetry && !failure.obstacle,
            state: failure.isRetrying ? 'being tried again' : 'open',
            retryLabel: `Try again: ${failure.name}`
        }));
    }

    get moreText() {
        return this.failures?.length === LISTED ? `The newest ${LISTED} are shown.` : '';
    }

    async handleToggle(event) {
        const { key } = event.currentTarget.dataset;
        this.failures = undefined;
        this.shown = this.shown === key ? undefined : key;
        if (this.shown) {
            await this.guarded(() => this.list());
        }
    }

    handleRetry(event) {
        const { record, name } = event.currentTarget.dataset;
        return this.guarded(async () => {
            await retry({ failureId: record });
            this.said = `${name} is tried again within a few minutes.`;
            await this.refresh();
            this.focusOn(this.shown);
        });
    }

    /** The button that was pressed may be gone with what it did: the one that unfolds its category stays. */
    focusOn(key) {
        [...this.template.querySelectorAll('[data-id="toggle"]')].find((each) => each.dataset.key === key)?.focus();
    }

    async handleRetryAll(event) {
        const { key } = event.currentTarget.dataset;
        const { open } = this.categories.find((each) => each.key === key);
        const some = open > AT_ONCE ? `the oldest ${AT_ONCE} of ${countText(open)}` : countText(open);
        const isSure = await LightningConfirm.open({
            label: `Try ${key} failures again`,
            message: `Try ${some} open failures again? Nothing is made twice, and what is newer in Salesforce stays. Those whose cause has not been removed will fail again.`,
            theme: 'default'
        });
        if (!isSure) {
            return;
        }
        await this.guarded(async () => {
            const retried = await retryCategory({ category: categoryOf(key) });
            this.said = saidOf(retried);
            await this.refresh();
            this.focusOn(key);
        });
    }

    async guarded(action) {
        this.isBusy = true;
        this.said = undefined;
        this.error = undefined;
        try {
            await action();
        } catch (error) {
            this.error = sentenceOf(error);
        } finally {
            this.isBusy = false;
        }
    }
}

const categoryOf = (key) => (key === UNNAMED ? null : key);

function saidOf(retried) {
    if (retried === 0) {
        return 'None of them can be tried again: correct the cause, and set their status to Resolved.';
    }
    return `${countText(retried)} ${retried === 1 ? 'is' : 'are'} tried again within a few minutes.`;
}
