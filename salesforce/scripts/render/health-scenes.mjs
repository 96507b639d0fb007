// The scenes of the page "Integration Health", on a desk and on a telephone.

const HEALTHY = {
  lookedAt: '2026-11-29T08:00:00.000Z', told: 'Healthy', reason: null, toldAt: '2026-11-29T07:59:20.000Z', isOld: false,
  lastEventAt: '2026-11-29T07:57:00.000Z', settledUntil: '2026-11-29T07:59:19.000Z', lagSeconds: 0,
  hour: { used: 202, allowed: 10000 }, day: { used: 1202, allowed: 80000 }, org: { used: 21034, allowed: 100000 },
  seesFailures: true, seesBatches: true,
};
const DEGRADED = {
  ...HEALTHY, told: 'Degraded', reason: 'changes have waited for 7 minutes; 83 % of the API calls are used', lagSeconds: 427,
  hour: { used: 8310, allowed: 10000 }, org: { used: null, allowed: 100000 },
};
const DOWN = { ...HEALTHY, told: 'Down', reason: 'changes have waited for 34 minutes', lagSeconds: 2040 };
const OLD = { ...DEGRADED, toldAt: '2026-11-29T07:37:00.000Z', isOld: true };
const NOTHING = { lookedAt: HEALTHY.lookedAt, isOld: false, seesFailures: true, seesBatches: true };

const OVERVIEW = {
  total: 17, isMore: false, mayRetry: true,
  categories: [
    { name: 'Network', open: 1, retrying: 1, oldestAt: '2026-11-29T07:40:00.000Z' },
    { name: 'Business', open: 2, retrying: 0, oldestAt: '2026-11-28T23:10:00.000Z' },
    { name: 'Data', open: 13, retrying: 0, oldestAt: '2026-11-26T09:00:00.000Z' },
  ],
};
const FAILURES = [
  { id: 'a03000000000001AAA', name: 'SF-000003', what: 'invoice.payment_failed', about: 'in_1UNJWDhvnSWoyGdqHDkcpAIm', reason: 'STRING_TOO_LONG: Failure Message (Failure_Message__c) takes 255 characters', attempts: 1, lastFailedAt: '2026-11-29T07:40:00.000Z', isRetrying: false, isOfMiddleware: true },
  { id: 'a03000000000002AAA', name: 'SF-000002', what: 'Create Customer', about: null, reason: 'Stripe answered 400 type=invalid_request_error code=email_invalid param=email request=req_a1B2c3D4e5F6', attempts: 6, lastFailedAt: '2026-11-26T09:00:00.000Z', isRetrying: true, obstacle: 'This failure is being tried again already.' },
];
const BATCHES = [
  { id: 'a02000000000003AAA', name: 'SB-000037', about: 'Stripe_Subscription__c', transport: 'Bulk', sent: 12408, succeeded: 12401, refused: 7, failed: 0, finishedAt: '2026-11-29T07:59:00.000Z', lagSeconds: 95 },
  { id: 'a02000000000002AAA', name: 'SB-000036', about: 'Payment_Transaction__c', transport: 'Collections', sent: 12, succeeded: 9, refused: 2, failed: 1, finishedAt: '2026-11-29T07:58:00.000Z', lagSeconds: 61 },
  { id: 'a02000000000001AAA', name: 'SB-000035', about: 'Stripe_Customer__c', transport: 'Collections', sent: 40, succeeded: 40, refused: 0, failed: 0, finishedAt: null, lagSeconds: null },
];

const answers = (health, over = {}) => ({
  'IntegrationHealthController.look': { data: health },
  'SyncFailureController.overview': { data: OVERVIEW },
  'SyncFailureController.ofCategory': { data: FAILURES },
  'SyncFailureController.retry': {},
  'SyncFailureController.retryCategory': { data: 13 },
  'SyncBatchController.latest': { data: BATCHES },
  ...over,
});
const nothing = () => {};
/** Buttons lie in a component within the page. */
const unfold = async ({ part, turn }) => {
  const failures = part('verdict').getRootNode().querySelector('c-open-failures').shadowRoot;
  [...failures.querySelectorAll('[data-id="toggle"]')].at(-1).click();
  await turn();
};
const retryAll = async ({ part, turn }) => {
  const failures = part('verdict').getRootNode().querySelector('c-open-failures').shadowRoot;
  [...failures.querySelectorAll('[data-id="retry-all"]')].at(-1).click();
  await turn();
};
const refused = { error: { body: { message: 'You do not have access to this page.' } } };

const SCENES = [
  { name: 'health', apex: answers(HEALTHY), act: nothing, expect: ['Healthy', '202 of 10,000, 2 %', '3 minutes ago', 'nothing waits', 'Open failures (16)', '13 open', 'SB-000036', '1 failed', 'under way'] },
  { name: 'health-degraded', apex: answers(DEGRADED), act: unfold, expect: ['Degraded', 'Changes have waited for 7 minutes', 'scarce', 'not told yet', 'STRING_TOO_LONG', 'being tried again', 'Try again'] },
  { name: 'health-down', apex: answers(DOWN), act: retryAll, expect: ['Down', 'have waited for 34 minutes', '13 are tried again within a few minutes.'] },
  { name: 'health-old', apex: answers(OLD), act: nothing, expect: ['Unknown', 'Nothing was told for 23 minutes', 'It said before: Degraded'] },
  {
    name: 'health-nothing', act: nothing, expect: ['Unknown', 'has not told anything yet', 'None. Whatever failed', 'None yet.'],
    apex: answers(NOTHING, { 'SyncFailureController.overview': { data: { total: 0, categories: [] } }, 'SyncBatchController.latest': { data: [] } }),
  },
  { name: 'health-seller', apex: answers({ ...HEALTHY, seesFailures: false, seesBatches: false }), act: nothing, expect: ['Healthy', '1,202 of 80,000'] },
  { name: 'health-error', apex: answers(null, { 'IntegrationHealthController.look': refused }), act: nothing, expect: ['You do not have access to this page.'] },
];
const SIZES = [{ width: 1280, height: 900 }, { width: 360, height: 740 }];

export const HEALTH_SCENES = SCENES.flatMap((scene) =>
  SIZES.map((size) => ({ ...scene, ...size, component: 'integrationHealth', name: `${scene.name}-${size.width}` })),
);
