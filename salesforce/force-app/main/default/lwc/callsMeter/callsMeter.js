import { LightningElement, api } from 'lwc';
import { countText } from 'c/timeText';

/** From this share on the middleware puts bulk work off, and says that it is degraded. */
const SCARCE = 80;

/** API calls that were made of those that may be, as a bar with its figures beside it. */
export default class CallsMeter extends LightningElement {
    @api label;
    @api note;
    /** `used` and `allowed`, either of which may be unknown. */
    @api usage;

    get isKnown() {
        return Number.isFinite(this.usage?.used);
    }

    get hasLimit() {
        return this.isKnown && this.usage.allowed > 0;
    }

    get percent() {
        return Math.round((this.usage.used / this.usage.allowed) * 100);
    }

    /** A bar ends at its end. */
    get filled() {
        return Math.min(100, this.percent);
    }

    get barStyle() {
        return `width: ${this.filled}%`;
    }

    get barClass() {
        return this.isScarce ? 'bar bar_scarce' : 'bar';
    }

    get isScarce() {
        return this.hasLimit && this.percent >= SCARCE;
    }

    get text() {
        const used = countText(this.usage.used);
        return this.hasLimit ? `${used} of ${countText(this.usage.allowed)}, ${this.percent} %` : used;
    }
}
