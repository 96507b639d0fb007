import { LightningElement, api } from 'lwc';

/** What went wrong, at the top of a screen. */
export default class ScreenAlert extends LightningElement {
    @api text;
}
