import { createElement } from 'lwc';
import RetryFailure from 'c/retryFailure';
import retry from '@salesforce/apex/SyncFailureController.retry';

jest.mock('@salesforce/apex/SyncFailureController.retry', () => ({ default: jest.fn() }), { virtual: true });

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
        expect(part('done')).not.toBeNull();
        expect(part('retry').disabled).toBe(true);
    });

    it('says why it cannot be retried', async () => {
        retry.mockRejectedValue({ body: { message: 'This happened in the middleware.' } });
        part('retry').click();
        await settled();
        expect(part('error').textContent).toBe('This happened in the middleware.');
        expect(part('retry').disabled).toBe(false);
    });
});
