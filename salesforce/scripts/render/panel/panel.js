import { LightningElement, api } from 'lwc';

/** Stands for lightning-quick-action-panel, which exists on the platform only. */
export default class Panel extends LightningElement {
  @api header;
}
