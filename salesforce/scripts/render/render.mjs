// Renders the screens in Chromium, plays what a person does, checks what they see, and saves pictures.
//
//   node scripts/render/render.mjs [FOLDER [NAME]]     (.data/screens of the repository; all, or those that begin so)
//
// What Salesforce would supply is replaced: Apex by the answers below, the panel of a quick action by a plain frame.
// Lightning Data Service and navigation are not covered. CHROME names a Chromium; otherwise the one inside npm is unpacked
// (200 MB in the temporary folder; needs libnss3).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
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

const { HEALTH_SCENES } = await import('./health-scenes.mjs');
const { SCENES } = await import('./scenes.mjs');

const bundles = path.resolve(here, '../../force-app/main/default/lwc');
const pictures = path.resolve(process.argv[2] ?? path.resolve(here, '../../../.data/screens'));
const slds = path.join(here, 'node_modules/@salesforce-ux/design-system/assets');
const only = process.argv[3] ?? '';
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(path.join(here, 'node_modules/axe-core/axe.min.js'), 'utf8');

const STAND_INS = {
  'lightning/actions': `export class CloseActionScreenEvent extends CustomEvent { constructor() { super('closescreen'); } }`,
  'lightning/uiRecordApi': 'export async function notifyRecordUpdateAvailable() {}',
  'lightning/confirm': 'export default { open: async ({ message }) => { window.asked = message; return true; } };',
  'lightning/navigation': `const [Navigate, GenerateUrl] = [Symbol(), Symbol()];
    export const NavigationMixin = (Base) => class extends Base { [Navigate]() {} async [GenerateUrl]() { return '/page'; } };
    Object.assign(NavigationMixin, { Navigate, GenerateUrl });`,
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
          ...readdirSync(bundles).map((name) => ({ name: `c/${name}`, path: path.join(bundles, name, `${name}.js`) })),
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
    response.end('<!doctype html><html lang="en"><title>screen</title><link rel="stylesheet" href="/slds/styles/salesforce-lightning-design-system.min.css"><body class="slds-scope" style="padding:24px;background:#f3f3f3;min-height:100vh;margin:0"><main id="root"></main></body></html>');
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
/** What axe finds that keeps somebody out; the frame around a screen is not ours. */
const problems = async () => {
  const { violations } = await globalThis.axe.run('#root', { resultTypes: ['violations'] });
  const grave = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  return grave.map(({ id, nodes }) => `axe ${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`);
};
let failed = 0;
const built = new Map();
for (const { name, component, apex, act, expect, width = 720, height = 640 } of [...SCENES, ...HEALTH_SCENES].filter((scene) => scene.name.startsWith(only))) {
  if (!built.has(component)) built.set(component, await build(component));
  code = built.get(component);
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.setViewport({ width, height });
  await page.evaluateOnNewDocument(reachIn, stylesheet);
  await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'networkidle0' });
  await page.evaluate((answers) => { window.apexAnswers = answers; }, apex);
  await page.addScriptTag({ content: code });
  await page.evaluate(`(async () => {
    const turn = () => new Promise((done) => setTimeout(done, 100));
    await turn();
    const part = (id) => document.querySelector('c-scene').shadowRoot.querySelector('[data-id="' + id + '"]');
    const choose = (id, value) => part(id).dispatchEvent(new CustomEvent('change', { detail: { value } }));
    await (${act})({ choose, part, click: (id) => part(id).click(), turn });
    await turn(); await turn();
  })()`);
  const text = await page.evaluate(visibleText);
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) errors.push(`${overflow} pixels too wide`);
  await page.evaluate(axe);
  errors.push(...(await page.evaluate(problems)));
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
