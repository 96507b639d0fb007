// Renders the screens in Chromium, plays what a person does, checks what they see, and saves pictures.
//
//   node scripts/render/render.mjs [FOLDER]      (default: .data/screens of the repository)
//
// What Salesforce would supply is replaced: Apex by the answers below, the panel of a quick action by a plain frame.
// Lightning Data Service and navigation are not covered. CHROME names a Chromium; /usr/bin/chromium otherwise.
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
const { default: puppeteer } = await import('puppeteer-core');
const { rollup } = await import('rollup');

const bundles = path.resolve(here, '../../force-app/main/default/lwc');
const pictures = path.resolve(process.argv[2] ?? path.resolve(here, '../../../.data/screens'));
const slds = path.join(here, 'node_modules/@salesforce-ux/design-system/assets');
mkdirSync(pictures, { recursive: true });

const PLANS = [
  { priceId: 'price_1', name: 'Starter', recurrency: 'Monthly', isoCode: 'EUR', amount: 19 },
  { priceId: 'price_t', name: 'Usage', recurrency: 'Monthly', isoCode: 'EUR', tiersMode: 'graduated' },
];
const TIERS = {
  total: 41.5,
  lines: [
    { units: 5, unitPrice: 7, flatAmount: 0, total: 35 },
    { units: 1, unitPrice: 6.5, flatAmount: 0, total: 6.5 },
  ],
};
const PREVIEW = {
  isoCode: 'EUR', amountDue: 34.2, prorationDate: 1800000000,
  lines: [
    { description: 'Unused time on Starter', amount: -14.8, isProration: true },
    { description: 'Remaining time on Usage', amount: 49, isProration: true },
  ],
};

/** What a person does on each screen, and what they must see then. `act` runs in the page. */
const SCENES = [
  {
    name: 'create-checkout', component: 'createCheckout', expect: ['Plan', 'Quantity', '€41.50', '€6.50', 'Create link'],
    apex: { 'CheckoutController.plans': { data: PLANS }, 'CheckoutController.quote': { data: TIERS } },
    act: (part) => { part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: 'price_t' } })); part('quantity').dispatchEvent(new CustomEvent('change', { detail: { value: '6' } })); },
  },
  {
    name: 'create-checkout-link', component: 'createCheckout', expect: ['The customer pays here', 'Copy link', 'Send by e-mail'],
    apex: {
      'CheckoutController.plans': { data: PLANS }, 'CheckoutController.quote': { data: { total: 19, lines: [] } },
      'CheckoutController.start': { data: 'a00000000000001AAA' }, 'CheckoutController.open': { data: 'https://checkout.stripe.com/c/pay/cs_test_a1b2c3' },
    },
    act: async (part, turn) => { part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: 'price_1' } })); await turn(); part('create').click(); },
  },
  {
    name: 'create-checkout-error', component: 'createCheckout', expect: ['Stripe could not be reached. Try again in a minute.'],
    apex: {
      'CheckoutController.plans': { data: PLANS }, 'CheckoutController.quote': { data: { total: 19, lines: [] } },
      'CheckoutController.start': { error: { body: { message: 'Stripe could not be reached. Try again in a minute.' } } },
    },
    act: async (part, turn) => { part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: 'price_1' } })); await turn(); part('create').click(); },
  },
  {
    name: 'change-plan', component: 'changePlan', expect: ['Unused time on Starter', '-€14.80', '€34.20', 'Change plan'],
    apex: { 'PlanChangeController.plans': { data: PLANS }, 'PlanChangeController.preview': { data: PREVIEW } },
    act: async (part, turn) => { part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: 'price_t' } })); await turn(); part('preview').click(); },
  },
  {
    name: 'retry', component: 'retryFailure', expect: ['queued'], apex: { 'SyncFailureController.retry': { data: null } },
    act: (part) => part('retry').click(),
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
          ...['createCheckout', 'changePlan', 'retryFailure', 'screenError'].map((name) => ({ name: `c/${name}`, path: path.join(bundles, name, `${name}.js`) })),
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
    response.end('<!doctype html><html lang="en"><title>screen</title><link rel="stylesheet" href="/slds/styles/salesforce-lightning-design-system.min.css"><body class="slds-scope" style="padding:24px;background:#f3f3f3"><main id="root" style="max-width:640px"></main></body></html>');
  } else if (pathname.startsWith('/slds/') && existsSync(file)) {
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  } else response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const browser = await puppeteer.launch({ executablePath: process.env.CHROME ?? '/usr/bin/chromium', args: ['--no-sandbox'], headless: true });
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
  await page.setViewport({ width: 720, height: 560 });
  await page.evaluateOnNewDocument(reachIn, stylesheet);
  await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'networkidle0' });
  await page.evaluate((answers) => { window.apexAnswers = answers; }, apex);
  await page.addScriptTag({ content: code });
  await page.evaluate(`(async () => {
    const turn = () => new Promise((done) => setTimeout(done, 100));
    await turn();
    const part = (id) => document.querySelector('c-scene').shadowRoot.querySelector('[data-id="' + id + '"]');
    await (${act})(part, turn);
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
