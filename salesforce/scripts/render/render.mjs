// Renders the screens in Chromium, plays what a person does, checks what they see, and saves pictures.
//
//   node scripts/render/render.mjs [FOLDER]      (default: .data/screens of the repository)
//
// What Salesforce would supply is replaced: Apex by the answers below, the panel of a quick action by a plain frame.
// Lightning Data Service and navigation are not covered. CHROME names a Chromium; otherwise the one inside npm is unpacked
// (200 MB in the temporary folder; needs libnss3).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const here = import.meta.dirname;
if (!existsSync(path.join(here, 'node_modules/.package-lock.json')))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
const { default: lwc } = await import('@lwc/rollup-plugin');
const { nodeResolve } = await import('@rollup/plugin-node-resolve');
const { default: replace } = await import('@rollup/plugin-replace');
const { default: chromium } = await import('@sparticuz/chromium');
const { default: puppeteer } = await import('puppeteer-core');
const { rollup } = await import('rollup');

const bundles = path.resolve(here, '../../force-app/main/default/lwc');
const pictures = path.resolve(process.argv[2] ?? path.resolve(here, '../../../.data/screens'));
const slds = path.join(here, 'node_modules/@salesforce-ux/design-system/assets');
mkdirSync(pictures, { recursive: true });

const PLANS = [
  { priceId: 'price_1', name: 'Starter', recurrency: 'Monthly', isoCode: 'EUR', amount: 19 },
  { priceId: 'price_t', name: 'Seats', recurrency: 'Monthly', isoCode: 'EUR', tiersMode: 'graduated' },
  { priceId: 'price_m', name: 'Calls', recurrency: 'Monthly', isoCode: 'EUR', isMetered: true },
];
const TIERS = {
  total: 51.5,
  lines: [
    { fromQuantity: 1, toQuantity: 5, units: 5, unitPrice: 7, flatAmount: 10, total: 45 },
    { fromQuantity: 6, toQuantity: 10, units: 1, unitPrice: 6.5, flatAmount: 0, total: 6.5 },
  ],
};
const PREVIEW = {
  isoCode: 'EUR', amountDue: 54.2, prorationDate: 1800000000,
  lines: [
    { description: 'Unused time on 3 × Starter after 14 Nov 2026', amount: -34.8, isProration: true },
    { description: 'Remaining time on 3 × Seats after 14 Nov 2026', amount: 89, isProration: true },
  ],
};
const STATE = { status: 'active', priceId: 'price_1', quantity: 3, items: 1, endsAtPeriodEnd: false, isCollectionPaused: false, periodEnd: '2026-12-01T00:00:00.000Z' };
// Real links have 350 to 900 characters.
const LINK = { url: `https://checkout.stripe.com/c/pay/cs_test_${'a1B2c3D4'.repeat(48)}`, email: 'ada@example.com', expiresAt: '2026-11-26T10:00:00.000Z' };
const FAILURE = {
  what: 'Create Customer', about: null, category: 'Data', attempts: 6, lastFailedAt: '2026-11-25T10:00:00.000Z', isOfMiddleware: false,
  reason: 'Stripe answered 400 type=invalid_request_error code=email_invalid param=email request=req_a1B2c3D4e5F6',
};
const CHECKOUT = { 'CheckoutController.plans': { data: PLANS }, 'CheckoutController.start': { data: 'a00000000000001AAA' } };

/** What a person does on each screen, and what they must see then. `act` runs in the page. */
const SCENES = [
  {
    name: 'create-checkout-empty', component: 'createCheckout', expect: ['Plan', 'Quantity', 'Create link'],
    apex: { ...CHECKOUT, 'CheckoutController.quote': {} }, act: () => {},
  },
  {
    name: 'create-checkout', component: 'createCheckout', expect: ['6 to 10', '€51.50', '€6.50', 'Total a month, before tax', 'Create link'],
    apex: { ...CHECKOUT, 'CheckoutController.quote': { data: TIERS } },
    act: ({ choose }) => { choose('plan', 'price_t'); choose('quantity', '6'); },
  },
  {
    name: 'create-checkout-usage', component: 'createCheckout', expect: ['billed by usage'],
    apex: { ...CHECKOUT, 'CheckoutController.quote': {} }, act: ({ choose }) => choose('plan', 'price_m'),
  },
  {
    name: 'create-checkout-link', component: 'createCheckout', expect: ['2 × Starter, €38.00 a month before tax', 'It works until', 'Copy link', 'Send by e-mail', 'Close'],
    apex: { ...CHECKOUT, 'CheckoutController.quote': { data: { total: 38, lines: [] } }, 'CheckoutController.open': { data: LINK } },
    act: async ({ choose, click, turn }) => { choose('plan', 'price_1'); choose('quantity', '2'); await turn(); click('create'); },
  },
  {
    name: 'create-checkout-error', component: 'createCheckout', expect: ['Stripe could not be reached. Try again in a minute.'],
    apex: { ...CHECKOUT, 'CheckoutController.quote': { data: { total: 19, lines: [] } }, 'CheckoutController.start': { error: { body: { message: 'Stripe could not be reached. Try again in a minute.' } } } },
    act: async ({ choose, click, turn }) => { choose('plan', 'price_1'); await turn(); click('create'); },
  },
  {
    name: 'create-checkout-nothing', component: 'createCheckout', expect: ['No plan is offered.'],
    apex: { 'CheckoutController.plans': { data: [] } }, act: () => {},
  },
  {
    name: 'change-plan', component: 'changePlan', expect: ['Now: 3 × Starter', 'Unused time on 3 × Starter', '-€34.80', '€54.20', 'Change plan'],
    apex: { 'PlanChangeController.plans': { data: PLANS }, 'PlanChangeController.current': { data: STATE }, 'PlanChangeController.preview': { data: PREVIEW } },
    act: async ({ choose, click, turn }) => { choose('plan', 'price_t'); await turn(); click('preview'); },
  },
  {
    name: 'change-plan-several', component: 'changePlan', expect: ['Change them in the Stripe dashboard.'],
    apex: { 'PlanChangeController.plans': { data: PLANS }, 'PlanChangeController.current': { data: { ...STATE, items: 2 } } }, act: () => {},
  },
  {
    name: 'end-or-pause', component: 'manageSubscription', expect: ['Now: active; the paid period ends on', 'End it when the paid period is over', 'Pause payments'],
    apex: { 'ManageSubscriptionController.current': { data: STATE } }, act: ({ choose }) => choose('action', 'end_later'),
  },
  {
    name: 'end-now', component: 'manageSubscription', expect: ['cannot be brought back', 'Credit the time', 'End now'],
    apex: { 'ManageSubscriptionController.current': { data: STATE } }, act: ({ choose }) => choose('action', 'end_now'),
  },
  {
    name: 'pause', component: 'manageSubscription', expect: ['Invoices during the pause', 'Pause payments'],
    apex: { 'ManageSubscriptionController.current': { data: STATE } }, act: ({ choose }) => choose('action', 'pause'),
  },
  {
    name: 'retry', component: 'retryFailure', expect: ['Create Customer', 'email_invalid', '6 times', 'nothing is made twice'],
    apex: { 'SyncFailureController.look': { data: FAILURE } }, act: () => {},
  },
  {
    name: 'retry-done', component: 'retryFailure', expect: ['queued'],
    apex: { 'SyncFailureController.look': { data: FAILURE }, 'SyncFailureController.retry': { data: null } }, act: ({ click }) => click('retry'),
  },
  {
    name: 'retry-middleware', component: 'retryFailure', expect: ['invoice.paid of in_1', 'The middleware takes the event up'],
    apex: { 'SyncFailureController.look': { data: { ...FAILURE, what: 'invoice.paid', about: 'in_1', isOfMiddleware: true, reason: 'Salesforce refused Payment_Transaction__c: STRING_TOO_LONG' } } }, act: () => {},
  },
];

const STAND_INS = {
  'lightning/actions': `export class CloseActionScreenEvent extends CustomEvent { constructor() { super('closescreen'); } }`,
  'lightning/uiRecordApi': 'export async function notifyRecordUpdateAvailable() {}',
};

function salesforce(component, main) {
  return {
    name: 'salesforce',
    async resolveId(id, importer) {
      if (id === main) return id;
      if (STAND_INS[id] || id.startsWith('@salesforce/apex/')) return `\0${id}`;
      if (!importer?.startsWith(bundles) || /^[./\0]/.test(id)) return null;
      return this.resolve(id, main, { skipSelf: true });
    },
    load(id) {
      if (id === main)
        return `import { createElement } from 'lwc';
          import Component from 'c/${component}';
          const element = createElement('c-scene', { is: Component });
          element.recordId = '003000000000001AAA';
          document.getElementById('root').append(element);`;
      if (STAND_INS[id.slice(1)]) return STAND_INS[id.slice(1)];
      if (!id.startsWith('\0@salesforce/apex/')) return null;
      return `const answer = () => window.apexAnswers[${JSON.stringify(id.slice(18))}] ?? {};
        export default async function call() { const { data, error } = answer(); if (error) throw error; return data; }
        call.adapter = class { constructor(emit) { this.emit = emit; } connect() { this.emit(answer()); } update() { this.emit(answer()); } disconnect() {} };`;
    },
  };
}

async function build(component) {
  const main = path.join(here, 'main.js');
  const bundle = await rollup({
    input: main,
    onwarn: () => {}, // circular imports and one template warning inside lightning-base-components
    plugins: [
      salesforce(component, main),
      lwc({
        rootDir: here,
        modules: [
          ...['createCheckout', 'changePlan', 'manageSubscription', 'retryFailure', 'planLabel', 'screenAlert', 'screenError'].map((name) => ({ name: `c/${name}`, path: path.join(bundles, name, `${name}.js`) })),
          { name: 'lightning/quickActionPanel', path: path.join(here, 'panel/panel.js') },
          { npm: 'lightning-base-components' },
        ],
        enableDynamicComponents: true,
      }),
      nodeResolve(),
      replace({ 'import.meta.env.SSR': 'false', 'import.meta.env': '({SSR:false})', 'process.env.NODE_ENV': '"production"', preventAssignment: true }),
    ],
  });
  const { output } = await bundle.generate({ format: 'iife', name: 'app', inlineDynamicImports: true });
  return output[0].code;
}

const TYPES = { '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
let code = '';
const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://page');
  const file = path.join(slds, path.normalize(pathname).replace(/^\/slds/, ''));
  if (pathname === '/') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><html lang="en"><title>screen</title><link rel="stylesheet" href="/slds/styles/salesforce-lightning-design-system.min.css"><body class="slds-scope" style="padding:24px;background:#f3f3f3;min-height:100vh;margin:0"><main id="root" style="max-width:640px"></main></body></html>');
  } else if (pathname.startsWith('/slds/') && existsSync(file)) {
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  } else response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const browser = await puppeteer.launch({ executablePath: process.env.CHROME ?? (await chromium.executablePath()), args: ['--no-sandbox', '--disable-gpu'], headless: true });
// The platform's stylesheet reaches into its components; with native shadow roots each root is given it.
const stylesheet = readFileSync(path.join(slds, 'styles/salesforce-lightning-design-system.min.css'), 'utf8').replaceAll('../', '/slds/');
const reachIn = (css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, { ...options, mode: 'open' });
    root.adoptedStyleSheets = [sheet];
    return root;
  };
};
const visibleText = () => {
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType === Node.ELEMENT_NODE && ['STYLE', 'SCRIPT'].includes(node.tagName)) return '';
    return [...(node.shadowRoot ? [node.shadowRoot] : []), ...node.childNodes].map(read).join(' ');
  };
  return read(document.body).replace(/\s+/g, ' ');
};
let failed = 0;
const built = new Map();
for (const { name, component, apex, act, expect } of SCENES) {
  if (!built.has(component)) built.set(component, await build(component));
  code = built.get(component);
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.setViewport({ width: 720, height: 640 });
  await page.evaluateOnNewDocument(reachIn, stylesheet);
  await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'networkidle0' });
  await page.evaluate((answers) => { window.apexAnswers = answers; }, apex);
  await page.addScriptTag({ content: code });
  await page.evaluate(`(async () => {
    const turn = () => new Promise((done) => setTimeout(done, 100));
    await turn();
    const part = (id) => document.querySelector('c-scene').shadowRoot.querySelector('[data-id="' + id + '"]');
    const choose = (id, value) => part(id).dispatchEvent(new CustomEvent('change', { detail: { value } }));
    await (${act})({ choose, click: (id) => part(id).click(), turn });
    await turn(); await turn();
  })()`);
  const text = await page.evaluate(visibleText);
  await page.screenshot({ path: path.join(pictures, `${name}.png`) });
  const missing = expect.filter((words) => !text.includes(words));
  for (const words of missing) errors.push(`does not show '${words}'`);
  console.log(`${name.padEnd(24)} ${errors.length === 0 ? 'ok' : 'FAILED'}  ${errors.join('; ')}`);
  if (missing.length > 0) console.log(text);
  failed += errors.length > 0 ? 1 : 0;
  await page.close();
}
await browser.close();
server.close();
console.log(`pictures: ${path.relative(process.cwd(), pictures)}`);
process.exitCode = failed === 0 ? 0 : 1;
