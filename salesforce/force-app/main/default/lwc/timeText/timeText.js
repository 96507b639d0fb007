const UNITS = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1]
];

/** A span in its largest whole unit: `3 hours`, `1 minute`, `0 seconds`. */
export function spanText(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const [unit, size] = UNITS.find((each) => whole >= each[1]) ?? UNITS[UNITS.length - 1];
    const count = Math.floor(whole / size);
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** How long `then` lies before `now`, both ISO 8601: `3 hours ago`. Clocks differ: what is ahead is `just now`. */
export function agoText(then, now) {
    const seconds = (Date.parse(now) - Date.parse(then)) / 1000;
    return seconds < 5 ? 'just now' : `${spanText(seconds)} ago`;
}

/** A whole number as the person's own browser groups it. */
export function countText(count) {
    return new Intl.NumberFormat().format(count);
}
