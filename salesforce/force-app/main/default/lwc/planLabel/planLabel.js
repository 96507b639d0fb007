const PERIODS = {
    Daily: 'day',
    Weekly: 'week',
    Monthly: 'month',
    Quarterly: 'quarter',
    Semiannual: 'half-year',
    Yearly: 'year'
};

/** `month` of a Monthly plan; `period` of one without a rhythm that has a name. */
export function periodOf(plan) {
    return PERIODS[plan?.recurrency] ?? 'period';
}

/** How a plan is offered: `Starter · €19.00 a month`; tiered and metered plans have no one amount. */
export function labelOf(plan) {
    const rhythm = `a ${periodOf(plan)}`;
    if (plan.tiersMode) {
        return `${plan.name} · by tiers, ${plan.isoCode} ${rhythm}`;
    }
    if (plan.isMetered) {
        return `${plan.name} · by usage, ${plan.isoCode} ${rhythm}`;
    }
    return `${plan.name} · ${money(plan.amount, plan.isoCode)} ${rhythm}`;
}

/** An amount as the person's own browser writes it; without a currency as a plain number. */
export function money(amount, isoCode) {
    if (amount === undefined || amount === null) {
        return isoCode ?? '';
    }
    const style = isoCode ? { style: 'currency', currency: isoCode } : {};
    return new Intl.NumberFormat(undefined, { ...style, maximumFractionDigits: 8 }).format(amount);
}

/** The options of a combobox. */
export function optionsOf(plans) {
    return (plans ?? []).map((plan) => ({ label: labelOf(plan), value: plan.priceId }));
}
