import { LightningElement } from 'lwc';
import look from '@salesforce/apex/IntegrationHealthController.look';
import { sentenceOf } from 'c/screenError';

/** The middleware tells something once a minute at the most. */
const EVERY_MS = 60000;

/** The page "Integration Health": how it is, what it costs, what failed, what was done. Looks again by itself while it is seen. */
export default class IntegrationHealth extends LightningElement {
    health;
    error;
    isBusy = false;
    isGone = false;
    timer;

    connectedCallback() {
        this.isGone = false;
        this.handleVisibility = () => (document.hidden ? this.rest() : this.refresh());
        document.addEventListener('visibilitychange', this.handleVisibility);
        return this.refresh();
    }

    disconnectedCallback() {
        this.isGone = true;
        this.rest();
        document.removeEventListener('visibilitychange', this.handleVisibility);
    }

    async refresh() {
        if (this.isBusy) {
            return;
        }
        this.rest();
        this.isBusy = true;
        const parts = [...this.template.querySelectorAll('[data-part]')];
        try {
            [this.health] = await Promise.all([look(), ...parts.map((part) => part.refresh())]);
            this.error = undefined;
        } catch (error) {
            this.error = sentenceOf(error);
        } finally {
            this.isBusy = false;
            this.lookLater();
        }
    }

    lookLater() {
        if (!this.isGone && !document.hidden) {
            // eslint-disable-next-line @lwc/lwc/no-async-operation
            this.timer = setTimeout(() => this.refresh(), EVERY_MS);
        }
    }

    rest() {
        clearTimeout(this.timer);
    }

    get isLoading() {
        return !this.health && !this.error;
    }

    get isUnread() {
        return this.error !== undefined;
    }

    get hasCalls() {
        return this.health?.hour !== undefined && this.health.hour !== null;
    }
}
