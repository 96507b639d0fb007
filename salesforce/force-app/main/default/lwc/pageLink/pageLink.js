import { LightningElement, api } from 'lwc';
import { NavigationMixin } from 'lightning/navigation';

/** A link to a page of the app: opens it here, or in a tab of its own as links do. */
export default class PageLink extends NavigationMixin(LightningElement) {
    /** A page reference. */
    @api page;
    @api label;

    url;

    async connectedCallback() {
        this.url = await this[NavigationMixin.GenerateUrl](this.page);
    }

    handleClick(event) {
        if (event.ctrlKey || event.metaKey || event.shiftKey) {
            return;
        }
        event.preventDefault();
        this[NavigationMixin.Navigate](this.page);
    }
}
