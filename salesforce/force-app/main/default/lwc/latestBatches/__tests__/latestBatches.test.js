import { createElement } from 'lwc';
import LatestBatches from 'c/latestBatches';
import latest from '@salesforce/apex/SyncBatchController.latest';
import { problemsOf } from 'accessible';

jest.mock('@salesforce/apex/SyncBatchController.latest', () => ({ default: jest.fn() }), { virtual: true });

const BATCH = {
    id: 'a02000000000001AAA',
    name: 'SB-000035',
    about: 'Payment_Transaction__c',
    transport: 'Collections',
    sent: 12,
    succeeded: 9,
    refused: 2,
    failed: 1,
    finishedAt: '2026-11-29T07:59:00.000Z',
    lagSeconds: 95
};

async function show() {
    const element = createElement('c-latest-batches', { is: LatestBatches });
    element.now = '2026-11-29T08:00:00.000Z';
    document.body.appendChild(element);
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const loading = part('loading');
    await element.refresh();
    const cells = () => [...element.shadowRoot.querySelectorAll('td')].map((cell) => cell.textContent);
    return { element, part, loading, cells };
}

describe('c-latest-batches', () => {
    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it('tells what each batch did, with a link to it', async () => {
        latest.mockResolvedValue([BATCH]);
        const { element, loading, cells } = await show();
        expect(loading).not.toBeNull();
        expect(cells()).toEqual([
            'Payment Transaction',
            'Collections',
            '12',
            '9',
            '2',
            '1 failed',
            '1 minute',
            '1 minute ago'
        ]);
        const link = element.shadowRoot.querySelector('tbody c-page-link');
        expect(link.label).toBe('SB-000035');
        expect(link.page.attributes.recordId).toBe(BATCH.id);
        expect(await problemsOf(element)).toEqual([]);
    });

    it('says what is not known of a batch that is under way', async () => {
        latest.mockResolvedValue([{ id: BATCH.id, name: 'SB-000036' }]);
        const { part, cells } = await show();
        expect(cells().slice(2)).toEqual(['0', '0', '0', '0', '–', 'under way']);
        expect(part('failed')).toBeNull();
    });

    it('says that there is none yet', async () => {
        latest.mockResolvedValue([]);
        const { part } = await show();
        expect(part('empty')).not.toBeNull();
        expect(part('loading')).toBeNull();
    });

    it('says why it could not look, and keeps what it had', async () => {
        latest.mockResolvedValue([BATCH]);
        const { element, part } = await show();
        latest.mockRejectedValue({ body: { message: 'No access.' } });
        await element.refresh();
        expect(part('error').text).toBe('No access.');
        expect(part('batch')).not.toBeNull();
    });
});
