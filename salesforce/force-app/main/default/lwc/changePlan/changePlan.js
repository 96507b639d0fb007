import { LightningElement, api, wire } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import plans from '@salesforce/apex/PlanChangeController.plans';
import current from '@salesforce/apex/PlanChangeController.current';
import preview from '@salesforce/apex/PlanChangeController.preview';
import change from '@salesforce/apex/PlanChangeController.change';
import { labelOf, money, optionsOf } from 'c/planLabel';
import { sentenceOf } from 'c/screenError';

/**
 * Quick action on a subscription: another plan or quantity. It begins with what Stripe bills now, so that a change of the
 * plan keeps the quantity. The change can be made only after its preview, and prorates to the instant of that preview, so
 * that the customer is charged what was shown.
 */
export default class ChangePlan extends LightningElement {
    plans;
    state;
    priceId;
    quantity;
    proration = 'create_prorations';
    preview;
    error;
    isBusy = false;
    isDone = false;
    askedFor;

    prorationOptions = [
        { label: 'Add it to the next invoice', value: 'create_prorations' },
        { label: 'Charge or credit it now', value: 'always_invoice' },
        { label: 'Leave it: the new price counts from the next period', value: 'none' }
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

    @wire(plans)
    takePlans({ data, error }) {
        this.plans = data;
        if (error) {
            this.error = sentenceOf(error);
        }
    }

    get planOptions() {
        return optionsOf(this.plans);
    }

    get nowText() {
        const plan = this.planOf(this.state.priceId);
        const quantity = this.state.quantity ? `${this.state.quantity} × ` : '';
        return `Now: ${quantity}${plan ? labelOf(plan) : this.state.priceId}`;
    }

    get hasSeveralItems() {
        return this.state.items > 1;
    }

    get isMetered() {
        return this.planOf(this.priceId)?.isMetered === true;
    }

    get previewLines() {
        return this.preview.lines.map((line, index) => ({
            key: index,
            description: line.description,
            amountText: money(line.amount, this.preview.isoCode)
        }));
    }

    get invoiceTitle() {
        return this.proration === 'always_invoice' ? 'Invoice of today' : 'Next invoice';
    }

    get dueTitle() {
        return this.proration === 'always_invoice' ? 'Due today' : 'Due with the next invoice';
    }

    get dueText() {
        return money(this.preview.amountDue, this.preview.isoCode);
    }

    get isValid() {
        return this.isMetered || (Number.isInteger(this.quantity) && this.quantity >= 1);
    }

    get isUnchanged() {
        return this.priceId === this.state?.priceId && this.quantity === this.state?.quantity;
    }

    get cannotPreview() {
        return this.isBusy || !this.priceId || !this.isValid || this.isUnchanged || this.hasSeveralItems;
    }

    get cannotChange() {
        return this.isBusy || !this.preview;
    }

    handleChoice(event) {
        const { name } = event.target;
        const { value } = event.detail;
        this[name] = name === 'quantity' ? Number(value) : value;
        this.preview = undefined;
        this.error = undefined;
    }

    handlePreview() {
        return this.attempt(async () => {
            this.preview = await preview(this.choice());
        });
    }

    handleChange() {
        return this.attempt(async () => {
            await change({ ...this.choice(), prorationDate: this.preview.prorationDate });
            this.isDone = true;
        });
    }

    handleClose() {
        this.dispatchEvent(new CloseActionScreenEvent());
    }

    load() {
        return this.attempt(async () => {
            this.state = await current({ recordId: this.askedFor });
            this.priceId = this.state.priceId;
            this.quantity = this.state.quantity ?? 1;
        });
    }

    planOf(priceId) {
        return this.plans?.find((plan) => plan.priceId === priceId);
    }

    choice() {
        return {
            recordId: this.askedFor,
            priceId: this.priceId,
            quantity: this.isMetered ? null : this.quantity,
            proration: this.proration
        };
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
