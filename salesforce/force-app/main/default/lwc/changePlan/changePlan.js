import { LightningElement, api, wire } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import plans from '@salesforce/apex/PlanChangeController.plans';
import preview from '@salesforce/apex/PlanChangeController.preview';
import change from '@salesforce/apex/PlanChangeController.change';
import { sentenceOf } from 'c/screenError';

/**
 * Quick action on a subscription: another plan or quantity. The change can be made only after its preview, and prorates
 * to the instant of that preview, so that the customer is charged what was shown.
 */
export default class ChangePlan extends LightningElement {
    @api recordId;

    plans;
    priceId;
    quantity = 1;
    proration = 'create_prorations';
    preview;
    error;
    isBusy = false;
    isDone = false;

    prorationOptions = [
        { label: 'Settle on the next invoice', value: 'create_prorations' },
        { label: 'Invoice now', value: 'always_invoice' },
        { label: 'Do not settle', value: 'none' }
    ];

    @wire(plans)
    takePlans({ data, error }) {
        this.plans = data;
        this.error = error ? sentenceOf(error) : undefined;
    }

    get planOptions() {
        return (this.plans ?? []).map((plan) => ({
            label: `${plan.name} (${plan.recurrency}, ${plan.isoCode})`,
            value: plan.priceId
        }));
    }

    get previewLines() {
        return this.preview.lines.map((line, index) => ({ ...line, key: index }));
    }

    get cannotPreview() {
        return this.isBusy || !this.priceId || !Number.isInteger(this.quantity) || this.quantity < 1;
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

    choice() {
        return {
            recordId: this.recordId,
            priceId: this.priceId,
            quantity: this.quantity,
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
