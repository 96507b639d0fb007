import { LightningElement, api } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import act from '@salesforce/apex/ManageSubscriptionController.act';
import current from '@salesforce/apex/ManageSubscriptionController.current';
import { sentenceOf } from 'c/screenError';

const RUNNING = ['active', 'trialing', 'past_due', 'unpaid', 'incomplete'];

/** Each action: when it makes sense, and what the button says. */
const ACTIONS = [
    {
        value: 'keep',
        label: 'Keep it: take the scheduled end back',
        button: 'Keep subscription',
        fits: (state) => RUNNING.includes(state.status) && state.endsAtPeriodEnd
    },
    {
        value: 'end_later',
        label: 'End it when the paid period is over',
        button: 'Schedule the end',
        fits: (state) => RUNNING.includes(state.status) && !state.endsAtPeriodEnd
    },
    {
        value: 'end_now',
        label: 'End it now',
        button: 'End now',
        fits: (state) => RUNNING.includes(state.status) || state.status === 'paused'
    },
    {
        value: 'pause',
        label: 'Pause payments, and let it run on',
        button: 'Pause payments',
        fits: (state) => RUNNING.includes(state.status) && !state.isCollectionPaused
    },
    {
        value: 'unpause',
        label: 'Take payments again',
        button: 'Take payments',
        fits: (state) => state.isCollectionPaused
    },
    {
        value: 'resume',
        label: 'Resume it, with a new period from now',
        button: 'Resume',
        fits: (state) => state.status === 'paused'
    }
];

/** Quick action on a subscription: end it, now or later, keep it, pause payments or take them again. */
export default class ManageSubscription extends LightningElement {
    state;
    action;
    prorate = true;
    invoiceNow = false;
    behavior;
    resumesAt;
    error;
    isBusy = false;
    isDone = false;
    askedFor;

    behaviorOptions = [
        { label: 'Keep them as drafts, to be charged later', value: 'keep_as_draft' },
        { label: 'Give the service away: mark them uncollectible', value: 'mark_uncollectible' },
        { label: 'Make them void: nothing is owed', value: 'void' }
    ];

    // The platform sets a quick action's record id after the component is connected.
    @api
    get recordId() {
        return this.askedFor;
    }
    set recordId(value) {
        if (value && value !== this.askedFor) {
            this.askedFor = value;
            this.load();
        }
    }

    get nowText() {
        if (!this.hasActions) {
            return `The subscription is ${this.state.status}: there is nothing to end or pause.`;
        }
        const paused = this.state.isCollectionPaused ? ', payments are paused' : '';
        const until = this.state.endsAtPeriodEnd ? '; it ends on' : '; the paid period ends on';
        return `Now: ${this.state.status}${paused}${this.state.periodEnd ? until : '.'}`;
    }

    get fitting() {
        return this.state ? ACTIONS.filter(({ fits }) => fits(this.state)) : [];
    }

    get hasActions() {
        return this.fitting.length > 0;
    }

    get actionOptions() {
        return this.fitting.map(({ label, value }) => ({ label, value }));
    }

    get isEndingNow() {
        return this.action === 'end_now';
    }

    get isPausing() {
        return this.action === 'pause';
    }

    get canAct() {
        return this.hasActions && !this.isDone;
    }

    get isIncomplete() {
        return this.isBusy || !this.action || (this.isPausing && !this.behavior);
    }

    get buttonLabel() {
        return ACTIONS.find(({ value }) => value === this.action)?.button ?? 'Choose above';
    }

    get buttonVariant() {
        return this.isEndingNow ? 'destructive' : 'brand';
    }

    get closeLabel() {
        return this.isDone ? 'Close' : 'Cancel';
    }

    handleChoice(event) {
        this[event.target.name] = event.detail.value;
        this.error = undefined;
    }

    handleCheck(event) {
        this[event.target.name] = event.target.checked;
    }

    handleAct() {
        const { action, prorate, invoiceNow, behavior, resumesAt } = this;
        const choice = { action };
        if (this.isEndingNow) {
            Object.assign(choice, { prorate, invoiceNow });
        }
        if (this.isPausing) {
            Object.assign(choice, { behavior, resumesAt: resumesAt || null });
        }
        return this.attempt(async () => {
            await act({ recordId: this.askedFor, choice });
            this.isDone = true;
        });
    }

    handleClose() {
        this.dispatchEvent(new CloseActionScreenEvent());
    }

    load() {
        return this.attempt(async () => {
            this.state = await current({ recordId: this.askedFor });
        });
    }

    async attempt(work) {
        this.isBusy = true;
        this.error = undefined;
        try {
            await work();
        } catch (error) {
            this.error = sentenceOf(error);
        } finally {
            this.isBusy = false;
        }
    }
}
