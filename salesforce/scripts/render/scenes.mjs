// The scenes of the quick actions: what Apex answers, what a person does, and what they must see then.

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

/** `act` runs in the page. */
export const SCENES = [
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
