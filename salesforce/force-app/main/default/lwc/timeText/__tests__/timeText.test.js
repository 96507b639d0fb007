import { agoText, countText, spanText } from 'c/timeText';

const NOW = '2026-11-29T08:00:00.000Z';

describe('c/timeText', () => {
    it('tells a span in its largest whole unit', () => {
        expect([0, 1, 59.9, 60, 3599, 7200, 90000, -3].map(spanText)).toEqual([
            '0 seconds',
            '1 second',
            '59 seconds',
            '1 minute',
            '59 minutes',
            '2 hours',
            '1 day',
            '0 seconds'
        ]);
    });

    it('tells how long ago something was, and does not tell the future', () => {
        expect(agoText('2026-11-29T07:53:00.000Z', NOW)).toBe('7 minutes ago');
        expect(agoText('2026-11-29T07:59:58.000Z', NOW)).toBe('just now');
        expect(agoText('2026-11-29T08:02:00.000Z', NOW)).toBe('just now');
    });

    it('groups digits as the browser does', () => {
        expect(countText(80000)).toBe(new Intl.NumberFormat().format(80000));
    });
});
