import { LightningElement, api, wire } from 'lwc';
import { CloseActionScreenEvent } from 'lightning/actions';
import plans from '@salesforce/apex/CheckoutController.plans';
import quote from '@salesforce/apex/CheckoutController.quote';
import start from '@salesforce/apex/CheckoutController.start';
import open from '@salesforce/apex/CheckoutController.open';
import { money, optionsOf, periodOf } from 'c/planLabel';
import { sentenceOf } from 'c/screenError';

/** `1 to 5`, `6 and more`. */
function rangeOf({ fromQuantity, toQuantity }) {
    const from = fromQuantity ?? 1;
    return toQuantity === undefined || toQuantity === null ? `${from} and more` : `${from} to ${toQuantity}`;
}

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

    get plan() {
        return this.plans?.find((plan) => plan.priceId === this.priceId);
    }

    get isMetered() {
        return this.plan?.isMetered === true;
    }

    /** Stripe takes no quantity of a metered plan; the signup counts it as one. */
    get validQuantity() {
        if (this.isMetered) {
            return 1;
        }
        return Number.isInteger(this.quantity) && this.quantity >= 1 ? this.quantity : undefined;
    }

    get hasNoPlans() {
        return this.plans?.length === 0;
    }

    get planOptions() {
        return optionsOf(this.plans);
    }

    get period() {
        return periodOf(this.plan);
    }

    get tierLines() {
        const lines = this.quoted?.lines ?? [];
        if (lines.length === 0) {
            return undefined;
        }
        return lines.map((line, index) => ({
            key: index,
            range: rangeOf(line),
            units: line.units,
            unitPriceText: money(line.unitPrice, this.plan?.isoCode),
            flatAmountText: money(line.flatAmount, this.plan?.isoCode),
            totalText: money(line.total, this.plan?.isoCode)
        }));
    }

    get hasFlatAmounts() {
        return (this.quoted?.lines ?? []).some((line) => line.flatAmount > 0);
    }

    get hasTotal() {
        return !this.isMetered && this.quoted?.total !== undefined && this.quoted.total !== null;
    }

    get totalText() {
        return money(this.quoted.total, this.plan?.isoCode);
    }

    get summary() {
        const quantity = this.isMetered ? '' : `${this.quantity} × `;
        const total = this.hasTotal ? `, ${this.totalText} a ${this.period} before tax` : '';
        return `${quantity}${this.plan?.name}${total}`;
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
            await navigator.clipboard.writeText(this.link.url);
            this.copiedText = 'Copied.';
        } catch {
            this.copiedText = 'Your browser did not allow copying. Select the link and copy it.';
        }
    }

    handleSend() {
        const subject = encodeURIComponent('Your subscription');
        const to = encodeURIComponent(this.link.email ?? '');
        window.open(`mailto:${to}?subject=${subject}&body=${encodeURIComponent(this.link.url)}`, '_self');
    }

    handleCancel() {
        this.dispatchEvent(new CloseActionScreenEvent());
    }

    forgetSignup() {
        this.signup = undefined;
        this.error = undefined;
    }
}
