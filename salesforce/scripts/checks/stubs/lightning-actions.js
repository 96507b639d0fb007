// lightning/actions has no stub in sfdx-lwc-jest: the one event that our screens use.
export class CloseActionScreenEvent extends CustomEvent {
  constructor() {
    super('lightning__actionsclosescreen', { bubbles: true, composed: true });
  }
}
