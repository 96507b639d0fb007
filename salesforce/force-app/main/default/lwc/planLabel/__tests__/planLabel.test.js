import { labelOf, money, optionsOf, periodOf } from 'c/planLabel';

describe('c-plan-label', () => {
    const plan = { priceId: 'price_1', name: 'Starter', recurrency: 'Monthly', isoCode: 'EUR', amount: 19 };

    it('says what a plan costs and how often', () => {
        expect(labelOf(plan)).toBe('Starter · €19.00 a month');
        expect(labelOf({ ...plan, recurrency: 'Yearly', isoCode: 'JPY', amount: 190 })).toBe('Starter · ¥190 a year');
        expect(labelOf({ ...plan, amount: 0.005 })).toBe('Starter · €0.005 a month');
    });

    it('gives no amount where there is not one', () => {
        expect(labelOf({ ...plan, tiersMode: 'volume' })).toBe('Starter · by tiers, EUR a month');
        expect(labelOf({ ...plan, isMetered: true })).toBe('Starter · by usage, EUR a month');
        expect(labelOf({ ...plan, amount: null })).toBe('Starter · EUR a month');
        expect(money(5)).toBe('5');
        expect(money(undefined)).toBe('');
    });

    it('names the period', () => {
        expect(periodOf({ recurrency: 'Semiannual' })).toBe('half-year');
        expect(periodOf({ recurrency: 'Fortnightly' })).toBe('period');
        expect(periodOf(undefined)).toBe('period');
    });

    it('makes options, also of nothing', () => {
        expect(optionsOf([plan])).toEqual([{ label: 'Starter · €19.00 a month', value: 'price_1' }]);
        expect(optionsOf(undefined)).toEqual([]);
    });
});
