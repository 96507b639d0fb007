import { createElement } from 'lwc';
import PageLink from 'c/pageLink';
import { listPage, recordPage } from 'c/pages';

const mockNavigate = jest.fn();
jest.mock('lightning/navigation', () => {
    const Navigate = Symbol('Navigate');
    const GenerateUrl = Symbol('GenerateUrl');
    const NavigationMixin = (Base) =>
        class extends Base {
            [Navigate](page) {
                mockNavigate(page);
            }
            [GenerateUrl](page) {
                return Promise.resolve(`https://org.example/${page.attributes.recordId ?? page.state.filterName}`);
            }
        };
    Object.assign(NavigationMixin, { Navigate, GenerateUrl });
    return { NavigationMixin };
});

async function linkTo(page) {
    const element = createElement('c-page-link', { is: PageLink });
    Object.assign(element, { page, label: 'SF-000001' });
    document.body.appendChild(element);
    await Promise.resolve();
    await Promise.resolve();
    return element.shadowRoot.querySelector('a');
}

describe('c-page-link', () => {
    afterEach(() => {
        document.body.replaceChildren();
        jest.clearAllMocks();
    });

    it('is a link with an address, which opens within the app', async () => {
        const page = recordPage('a01000000000001AAA');
        const link = await linkTo(page);
        expect(link.href).toBe('https://org.example/a01000000000001AAA');
        expect(link.textContent).toBe('SF-000001');
        const click = new MouseEvent('click', { bubbles: true, cancelable: true });
        link.dispatchEvent(click);
        expect(click.defaultPrevented).toBe(true);
        expect(mockNavigate).toHaveBeenCalledWith(page);
    });

    it('leaves a click for another tab to the browser', async () => {
        const link = await linkTo(listPage('Sync_Failure__c', 'Open'));
        expect(link.href).toBe('https://org.example/Open');
        const click = new MouseEvent('click', { ctrlKey: true, cancelable: true });
        link.addEventListener('click', (event) => expect(event.defaultPrevented).toBe(false));
        link.dispatchEvent(click);
        expect(mockNavigate).not.toHaveBeenCalled();
    });
});
