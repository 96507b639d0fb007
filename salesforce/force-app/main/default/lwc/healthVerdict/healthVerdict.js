import { LightningElement, api } from 'lwc';
import { agoText, spanText } from 'c/timeText';

/** Each state has a word and a shape of its own: nothing is told by colour alone. */
const STATES = {
    Healthy: { word: 'Healthy', icon: 'utility:success', theme: 'slds-theme_success' },
    Degraded: { word: 'Degraded', icon: 'utility:warning', theme: 'slds-theme_warning' },
    Down: { word: 'Down', icon: 'utility:error', theme: 'slds-theme_error' },
    Unknown: { word: 'Unknown', icon: 'utility:question', theme: 'slds-theme_shade' }
};

/** How the integration is, why, and how old that is. What is old is not believed: it may have got worse since. */
export default class HealthVerdict extends LightningElement {
    /** As IntegrationHealthController.look tells it. */
    @api health;
    /** Whether the last look failed, so that `health` is of an earlier one. */
    @api isUnread = false;

    get state() {
        const { told, isOld } = this.health;
        return isOld || this.isUnread ? STATES.Unknown : (STATES[told] ?? STATES.Unknown);
    }

    get boxClass() {
        return `slds-box slds-media slds-media_center ${this.state.theme}`;
    }

    get iconVariant() {
        return this.state === STATES.Healthy || this.state === STATES.Down ? 'inverse' : '';
    }

    get why() {
        const { told, toldAt, isOld, reason, lookedAt } = this.health;
        if (this.isUnread) {
            return 'This page could not look again: what is below is of an earlier look.';
        }
        if (!toldAt) {
            return 'The middleware has not told anything yet. It does so a minute after its first flush.';
        }
        if (isOld) {
            const before = reason ? `${told}, ${reason}` : told;
            return `Nothing was told for ${spanText((Date.parse(lookedAt) - Date.parse(toldAt)) / 1000)}, which should be five minutes at the most: the flush does not run, no API call is left, or calls to Salesforce are suspended after errors. It said before: ${before}.`;
        }
        return sentence(reason) ?? 'Events arrive, nothing waits for long, and API calls are left.';
    }

    get facts() {
        const { toldAt, lookedAt, lastEventAt, lagSeconds, settledUntil } = this.health;
        if (!toldAt) {
            return [];
        }
        const facts = [
            { key: 'told', term: 'Told', text: agoText(toldAt, lookedAt), at: toldAt },
            {
                key: 'event',
                term: 'Last event received',
                text: lastEventAt ? agoText(lastEventAt, lookedAt) : 'none yet',
                at: lastEventAt
            },
            {
                key: 'lag',
                term: 'Sync lag',
                text: lagSeconds > 0 ? `${spanText(lagSeconds)}, the oldest change that waits` : 'nothing waits'
            }
        ];
        if (settledUntil) {
            facts.push({
                key: 'settled',
                term: 'In Salesforce or parked',
                text: `what came until ${agoText(settledUntil, lookedAt)}`,
                at: settledUntil
            });
        }
        return facts;
    }
}

/** `changes have waited; calls are scarce` begins with a capital and ends with a full stop. */
function sentence(reason) {
    return reason ? `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.` : undefined;
}
