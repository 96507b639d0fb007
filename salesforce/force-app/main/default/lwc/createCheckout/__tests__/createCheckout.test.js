import { createElement } from 'lwc';
import CreateCheckout from 'c/createCheckout';
import plans from '@salesforce/apex/CheckoutController.plans';
import quote from '@salesforce/apex/CheckoutController.quote';
import start from '@salesforce/apex/CheckoutController.start';
import open from '@salesforce/apex/CheckoutController.open';

jest.mock(
    '@salesforce/apex/CheckoutController.plans',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
jest.mock(
    '@salesforce/apex/CheckoutController.quote',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
jest.mock('@salesforce/apex/CheckoutController.start', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/CheckoutController.open', () => ({ default: jest.fn() }), { virtual: true });

const PLANS = [
    { priceId: 'price_1', name: 'Starter', recurrency: 'Monthly', isoCode: 'EUR', amount: 19 },
    { priceId: 'price_m', name: 'Calls', recurrency: 'Monthly', isoCode: 'EUR', isMetered: true }
];
const LINK = { url: 'https://checkout.example/1', email: 'ada@example.com', expiresAt: '2026-11-26T10:00:00.000Z' };
const settled = async () => {
    for (let i = 0; i < 5; i++) {
        // Each await of the component is one turn.
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

describe('c-create-checkout', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const rows = () =>
        [...element.shadowRoot.querySelectorAll('[data-id="tier"]')].map((row) =>
            [...row.querySelectorAll('td')].map((cell) => cell.textContent)
        );
    const choose = async (priceId, quantity) => {
        part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: priceId } }));
        part('quantity').dispatchEvent(new CustomEvent('change', { detail: { value: quantity } }));
        await settled();
    };

    beforeEach(async () => {
        element = createElement('c-create-checkout', { is: CreateCheckout });
        element.recordId = '003000000000001AAA';
        document.body.appendChild(element);
        plans.emit(PLANS);
        await settled();
    });

    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it('offers the plans and cannot be sent without one', () => {
        expect(part('plan').options).toEqual([
            { label: 'Starter · €19.00 a month', value: 'price_1' },
            { label: 'Calls · by usage, EUR a month', value: 'price_m' }
        ]);
        expect(part('create').disabled).toBe(true);
    });

    it('shows what the quantity costs, tier by tier', async () => {
        await choose('price_1', '6');
        quote.emit({
            total: 41.5,
            lines: [
                { fromQuantity: 1, toQuantity: 5, units: 5, unitPrice: 7, flatAmount: 0, total: 35 },
                { fromQuantity: 6, units: 1, unitPrice: 6.5, flatAmount: 0, total: 6.5 }
            ]
        });
        await settled();
        expect(part('total').textContent).toBe('€41.50');
        expect(rows()).toEqual([
            ['1 to 5', '5', '€7.00', '€35.00'],
            ['6 and more', '1', '€6.50', '€6.50']
        ]);
    });

    it('shows flat amounts where a tier has one', async () => {
        await choose('price_1', '1');
        quote.emit({
            total: 17,
            lines: [{ fromQuantity: 1, units: 1, unitPrice: 7, flatAmount: 10, total: 17 }]
        });
        await settled();
        expect(rows()).toEqual([['1 and more', '1', '€7.00', '€10.00', '€17.00']]);
    });

    it('asks for no quantity of a plan that is billed by usage', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue(LINK);
        part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: 'price_m' } }));
        await settled();
        expect(part('quantity')).toBeNull();
        expect(part('metered')).not.toBeNull();
        part('create').click();
        await settled();
        expect(start).toHaveBeenCalledWith({ contactId: '003000000000001AAA', priceId: 'price_m', quantity: 1 });
        expect(part('ready').textContent).toBe('Calls');
    });

    it.each(['0', '-1', '1.5', ''])('does not accept the quantity "%s"', async (quantity) => {
        await choose('price_1', quantity);
        expect(part('create').disabled).toBe(true);
    });

    it('makes the link in two steps', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue(LINK);
        await choose('price_1', '2');
        part('create').click();
        await settled();
        expect(start).toHaveBeenCalledWith({ contactId: '003000000000001AAA', priceId: 'price_1', quantity: 2 });
        expect(open).toHaveBeenCalledWith({ subscriptionId: 'a00000000000001AAA' });
        expect(part('link').textContent).toBe('https://checkout.example/1');
    });

    it('continues the same signup after a failure', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockRejectedValueOnce({ body: { message: 'Stripe could not be reached.' } });
        open.mockResolvedValueOnce(LINK);
        await choose('price_1', '1');
        part('create').click();
        await settled();
        expect(part('error').text).toBe('Stripe could not be reached.');
        part('create').click();
        await settled();
        expect(start).toHaveBeenCalledTimes(1);
        expect(part('link').textContent).toBe('https://checkout.example/1');
    });

    it('says so when nothing is offered or plans cannot be read', async () => {
        plans.emit([]);
        await settled();
        expect(part('no-plans')).not.toBeNull();
        plans.error({ message: 'No access.' });
        await settled();
        expect(part('error').text).toBe('No access.');
    });

    it('says what the link is for and how long it works', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue(LINK);
        await choose('price_1', '2');
        quote.emit({ total: 38, lines: [] });
        await settled();
        part('create').click();
        await settled();
        expect(part('ready').textContent).toBe('2 × Starter, €38.00 a month before tax');
        expect(part('expires').value).toBe('2026-11-26T10:00:00.000Z');
    });

    it('sends the link to the address of the Contact', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue(LINK);
        const opened = jest.spyOn(window, 'open').mockImplementation(() => null);
        await choose('price_1', '1');
        part('create').click();
        await settled();
        part('send').click();
        expect(opened.mock.calls[0][0]).toBe(
            'mailto:ada%40example.com?subject=Your%20subscription&body=https%3A%2F%2Fcheckout.example%2F1'
        );
    });

    it('copies the link, or says how when the browser refuses', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue(LINK);
        await choose('price_1', '1');
        part('create').click();
        await settled();
        const writeText = jest.fn().mockResolvedValueOnce().mockRejectedValueOnce(new Error('denied'));
        Object.assign(navigator, { clipboard: { writeText } });
        part('copy').click();
        await settled();
        expect(writeText).toHaveBeenCalledWith('https://checkout.example/1');
        expect(part('copied').textContent).toBe('Copied.');
        part('copy').click();
        await settled();
        expect(part('copied').textContent).toContain('Select the link');
    });
});
