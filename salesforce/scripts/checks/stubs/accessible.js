import axe from 'axe-core';

/** What axe finds wrong with an element, a line each. Colours need a browser: the rendered screens are asked about those. */
export async function problemsOf(element) {
    const { violations } = await axe.run(element, { rules: { 'color-contrast': { enabled: false } } });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
