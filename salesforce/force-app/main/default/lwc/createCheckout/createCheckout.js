import { LightningElement, api, wire } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import plans from '@salesforce/apex/CheckoutController.plans';
import quote from '@salesforce/apex/CheckoutController.quote';
import start from '@salesforce/apex/CheckoutController.start';
import open from '@salesforce/apex/CheckoutController.open';
import { sentenceOf } from 'c/screenError';

/** Quick action on a Contact: choose a plan and a quantity, see what it costs, get the link the customer pays by. */
export default class CreateCheckout extends LightningElement {
    @api recordId;

    plans;
    priceId;
    quantity = 1;
    quoted;
    link;
    error;
    isBusy = false;
    copiedText = '';
    // Kept over a failed attempt, so that trying again continues the same signup instead of beginning a second one.
    signup;

    @wire(plans)
    takePlans({ data, error }) {
        this.plans = data;
        this.error = error ? sentenceOf(error) : undefined;
    }

    @wire(quote, { priceId: '$priceId', quantity: '$validQuantity' })
    takeQuote({ data, error }) {
        this.quoted = data;
        if (error) {
            this.error = sentenceOf(error);
        }
    }

    get validQuantity() {
        return Number.isInteger(this.quantity) && this.quantity >= 1 ? this.quantity : undefined;
    }

    get hasNoPlans() {
        return this.plans?.length === 0;
    }

    get planOptions() {
        return (this.plans ?? []).map((plan) => ({
            label: `${plan.name} (${plan.recurrency}, ${plan.isoCode})`,
            value: plan.priceId
        }));
    }

    get currencyCode() {
        return this.plans?.find((plan) => plan.priceId === this.priceId)?.isoCode;
    }

    get tierLines() {
        const lines = this.quoted?.lines ?? [];
        return lines.length === 0 ? undefined : lines.map((line, index) => ({ ...line, key: index }));
    }

    get hasTotal() {
        return this.quoted?.total !== undefined && this.quoted.total !== null;
    }

    get total() {
        return this.quoted.total;
    }

    get cannotCreate() {
        return this.isBusy || !this.priceId || this.validQuantity === undefined;
    }

    handlePlan(event) {
        this.priceId = event.detail.value;
        this.forgetSignup();
    }

    handleQuantity(event) {
        this.quantity = Number(event.detail.value);
        this.forgetSignup();
    }

    async handleCreate() {
        this.isBusy = true;
        this.error = undefined;
        try {
            this.signup =
                this.signup ??
                (await start({ contactId: this.recordId, priceId: this.priceId, quantity: this.validQuantity }));
            this.link = await open({ subscriptionId: this.signup });
        } catch (error) {
            this.error = sentenceOf(error);
        } finally {
            this.isBusy = false;
        }
    }

    async handleCopy() {
        try {
            await navigator.clipboard.writeText(this.link);
            this.copiedText = 'Copied.';
        } catch {
            this.copiedText = 'Your browser did not allow copying. Select the link and copy it.';
        }
    }

    handleSend() {
        const subject = encodeURIComponent('Your subscription');
        window.open(`mailto:?subject=${subject}&body=${encodeURIComponent(this.link)}`, '_self');
    }

    handleCancel() {
        this.dispatchEvent(new CloseActionScreenEvent());
    }

    forgetSignup() {
        this.signup = undefined;
        this.error = undefined;
    }
}
