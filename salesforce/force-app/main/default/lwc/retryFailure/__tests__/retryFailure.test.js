import { createElement } from 'lwc';
import RetryFailure from 'c/retryFailure';
import look from '@salesforce/apex/SyncFailureController.look';
import retry from '@salesforce/apex/SyncFailureController.retry';

jest.mock(
    '@salesforce/apex/SyncFailureController.look',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
jest.mock('@salesforce/apex/SyncFailureController.retry', () => ({ default: jest.fn() }), { virtual: true });

const FAILURE = {
    what: 'Create Customer',
    about: 'cus_1',
    reason: 'Stripe answered 503',
    attempts: 6,
    isOfMiddleware: false
};
const settled = async () => {
    for (let i = 0; i < 5; i++) {
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

describe('c-retry-failure', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);

    beforeEach(() => {
        element = createElement('c-retry-failure', { is: RetryFailure });
        element.recordId = 'a01000000000001AAA';
        document.body.appendChild(element);
        look.emit(FAILURE);
        return settled();
    });

    it('says what failed, why and how often', () => {
        expect(part('what').textContent).toBe('Create Customer of cus_1');
        expect(part('reason').textContent).toBe('Stripe answered 503');
        expect(element.shadowRoot.textContent).toContain('6 times');
    });

    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it('queues the call once', async () => {
        retry.mockResolvedValue();
        expect(part('question')).not.toBeNull();
        part('retry').click();
        await settled();
        expect(retry).toHaveBeenCalledWith({ failureId: 'a01000000000001AAA' });
        expect(part('done').textContent).toContain('within a minute');
        expect(part('retry')).toBeNull();
    });

    it('hands what the middleware parked to the middleware', async () => {
        look.emit({ ...FAILURE, about: undefined, attempts: 1, isOfMiddleware: true });
        retry.mockResolvedValue();
        await settled();
        expect(part('what').textContent).toBe('Create Customer');
        expect(part('question').textContent).toContain('The middleware');
        part('retry').click();
        await settled();
        expect(part('done').textContent).toContain('within a few minutes');
    });

    it('says before a click that there is nothing to try again', async () => {
        look.emit({ ...FAILURE, obstacle: 'This failure is settled already.' });
        await settled();
        expect(part('obstacle').textContent).toBe('This failure is settled already.');
        expect(part('retry')).toBeNull();
    });

    it('says why it was refused, and lets one try again', async () => {
        retry.mockRejectedValue({ body: { message: 'You may not retry failures.' } });
        part('retry').click();
        await settled();
        expect(part('error').text).toBe('You may not retry failures.');
        expect(part('retry').disabled).toBe(false);
        look.error({ message: 'No access.' });
        await settled();
        expect(part('error').text).toBe('No access.');
    });
});
