// The gate is tested by planting mistakes: each of these must fail its step. `find` must occur in the file.
//
//   node scripts/checks/planted-mistakes.mjs [--every=N [--from=M]] [--only=WORDS]
//
// All take about four minutes. CI takes every sixth, and begins one further with each of its runs.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkApex, ensureJava } from './apex-compile.mjs';
import { checkBehaviour } from './behaviour.mjs';
import { compileComponents, testComponents } from './components.mjs';
import { checkFormBodies } from './form-bodies.mjs';
import { checkFormat } from './format.mjs';
import { checkMetadataTypes } from './metadata-types.mjs';
import { checkMiddleware } from './middleware.mjs';
import { checkPages } from './pages.mjs';
import { readProject } from './project.mjs';
import { checkReferences } from './references.mjs';
import { checkManifest } from './manifest.mjs';
import { checkReports } from './reports.mjs';
import { checkSampleData } from './sample-data.mjs';
import { checkScratchOrgScript } from './scratch-org.mjs';
import { checkSoql } from './soql.mjs';
import { checkUserMode } from './user-mode.mjs';

const STEPS = {
  apex: checkApex, soql: checkSoql, metadata: checkMetadataTypes, references: checkReferences, components: compileComponents,
  tests: testComponents, format: checkFormat, forms: checkFormBodies, middleware: (project) => checkMiddleware(project, core),
  'user-mode': checkUserMode, pages: checkPages, reports: checkReports, manifest: checkManifest, behaviour: checkBehaviour, script: checkScratchOrgScript,
  data: checkSampleData,
};
const core = path.resolve(import.meta.dirname, '../../../packages/core/src');
const C = 'force-app/main/default/classes';
const O = 'force-app/main/default/objects';
const D = 'force-app/main/default';
const L = `${D}/lwc`;
const R = `${D}/reports`;

/** [step, file, find, replace, what it is] */
const MISTAKES = [
  // Apex, as the compiler would see it
  ['apex', `${C}/freshness/FreshnessGuard.cls`, 'StripeWriteMark.parse(', 'StripeWriteMark.parsed(', 'an unknown method'],
  ['apex', `${C}/freshness/FreshnessRule.cls`, 'return Verdict.KEEP;', 'return Verdict.KEPT;', 'an unknown enum constant'],
  ['apex', `${C}/freshness/FreshnessRule.cls`, 'return Math.mod(', 'Math.mod(', 'a missing return'],
  ['apex', `${C}/freshness/OwnedColumns.cls`, 'Stripe_Customer__c.Customer_Phone__c', 'Stripe_Customer__c.Phone__c', 'an unknown field token'],
  ['apex', `${C}/outgoing/StripeRequests.cls`, "Status__c = 'Pending',", "Stat__c = 'Pending',", 'an unknown field in a constructor'],
  ['apex', `${C}/outgoing/CreateCustomerOperation.cls`, 'public override void save', 'public void save', 'an override without the word'],
  ['apex', `${C}/outgoing/UpdateCustomerOperation.cls`, 'super(request);', 'super();', 'a constructor that does not exist'],
  ['apex', `${C}/stripe/StripeNetworkException.cls`, 'public override Boolean isRetryable()', 'public override String isRetryable()', 'a wrong return type'],
  ['apex', `${C}/stripe/StripeForm.cls`, 'Datetime value', 'Datetyme value', 'an unknown type'],
  ['apex', `${C}/stripe/StripeJson.cls`, 'new StripeDataException(', 'new StripeDatumException(', 'an unknown exception'],
  ['apex', `${C}/stripe/StripeMoney.cls`, 'when 0 {', "when 'zero' {", 'a switch value of another type'],
  ['apex', `${C}/stripe/PricingCalculator.cls`, 'line.units = units;', 'line.unit = units;', 'an unknown member'],
  ['apex', `${C}/inbound/ContactMatcher.cls`, 'List<Stripe_Customer__c> unmatched', 'List<Stripe_Client__c> unmatched', 'an unknown object'],
  ['apex', `${C}/inbound/CustomerStatus.cls`, 'new CustomerStatusQueueable(customers)', 'new CustomerStatusQueueable()', 'too few arguments'],
  ['apex', `${C}/inbound/SignupProgress.cls`, 'private static Integer rankOf', 'private static Integer rankedOf', 'a renamed method'],
  ['apex', `${C}/dunning/DunningService.cls`, 'Database.insert(tasks, AccessLevel.SYSTEM_MODE)', 'Database.insert(tasks, AccessLevel.ROOT_MODE)', 'an unknown platform constant'],
  ['apex', `${C}/upkeep/AuditPurgeBatch.cls`, 'public void finish(', 'public void finished(', 'an interface that is not implemented'],
  ['apex', `${C}/screens/PriceController.cls`, 'StripeRequests.pullPrices(null)', "StripeRequests.pullPrices(null, 'x')", 'too many arguments'],
  ['apex', `${D}/triggers/ContactTrigger.trigger`, 'on Contact', 'on Contakt', 'a trigger on an unknown object'],
  ['apex', `${D}/triggers/PricingPlanTrigger.trigger`, 'PricingPlanTriggerHandler', 'PricePlanTriggerHandler', 'an unknown handler'],
  ['apex', `${C}/config/IntegrationConfig.cls`, 'settings().Success_URL__c', 'settings().Succes_URL__c', 'an unknown field of custom metadata'],
  ['apex', `${C}/catalogue/PlanCache.cls`, 'Cache.Org.getPartition(PARTITION).put(', 'Cache.Org.getPartition(PARTITION).set(', 'an unknown method of the platform cache'],
  ['apex', `${C}/catalogue/TierBounds.cls`, 'higher.From_Quantity__c > lower.To_Quantity__c', 'higher.From_Qty__c > lower.To_Quantity__c', 'an unknown field of a tier'],
  ['apex', `${C}/outgoing/StripeWork.cls`, 'public static void requestsWaiting() {', 'public static void nothingWaits() {}\n\n    public static void requestsWaiting() {', 'a method that nothing calls'],
  ['apex', `${C}/dunning/DunningService.cls`, 'Set<Id> settledRows', 'Set<Id> settled = new Set<Id>();\n        Set<Id> settledRows', 'a variable that hides a constant'],
  // what apex-ls leaves open
  ['soql', `${C}/freshness/StoredRows.cls`, 'Trial_End__c,', 'Trial_Ends__c,', 'an unknown field in a query'],
  ['soql', `${C}/outgoing/StripeSignup.cls`, 'Contact__r.FirstName', 'Contakt__r.FirstName', 'an unknown relationship in a query'],
  ['soql', `${C}/inbound/ContactMatcher.cls`, 'Email IN :emails', 'EMail__c IN :emails', 'an unknown field in a condition'],
  ['soql', `${C}/upkeep/StripeWorkSweep.cls`, "WHERE Status__c = 'Waiting'", "WHERE Status__c = 'Waits'", 'a picklist value that is none, in a query'],
  ['soql', `${C}/outgoing/StripeRequestBatch.cls`, 'ORDER BY CreatedDate, Name', 'ORDER BY CreatedDay, Name', 'an unknown field in an order'],
  ['soql', `${C}/inbound/CustomerStatus.cls`, 'GROUP BY Stripe_Customer__c, Status__c', 'GROUP BY Stripe_Customer__c', 'a field that is not grouped'],
  ['soql', `${C}/outgoing/StripeRequests.cls`, "Status__c = 'Pending',", "Status__c = 'New',", 'a picklist value that is none, in a constructor'],
  ['soql', `${C}/dunning/DunningService.cls`, "Category__c = 'Data'", "Category__c = 'Datum'", 'a restricted value that is none'],
  ['soql', `${C}/config/IntegrationConfig.cls`, "API_Version__c = '2026-10-28.endive'", 'API_Version__c = 20261028', 'a number into a text field'],
  ['soql', `${C}/screens/CheckoutController.cls`, '@AuraEnabled(cacheable=true)', '@AuraEnabled(cachable=true)', 'a wrong annotation argument'],
  ['soql', `${C}/freshness/FreshnessRule.cls`, 'public enum Verdict', '@Virtual public enum Verdict', 'an unknown annotation'],
  ['soql', `${C}/outgoing/CreateCustomerOperation.cls`, 'customerId = batch.customerOf(contactId);', 'KEY_HOURS = 1;', 'a write to a final field'],
  ['soql', `${C}/outgoing/StripeRequestFinalizer.cls`, 'StripeWork.requestsWaiting();', 'StripeWork.publish(null);', 'a call of a private method'],
  ['soql', `${C}/outgoing/StripeWork.cls`, 'public static void requestsWaiting() {', 'public static void requestsWaiting() { TestDataFactory.useConfig();', 'a test class in production'],
  ['soql', `${C}/upkeep/StripeWorkSweep.cls`, 'List<Stripe_Request__c> pending = [', 'Database.query(text);\n        List<Stripe_Request__c> pending = [', 'dynamic SOQL'],
  ['soql', `${C}/stripe/StripeAPIService.cls`, "'callout:' + IntegrationConfig.credential() + '/v1/'", "'https://api.stripe.com/v1/'", 'a URL in code'],
  ['soql', `${C}/outgoing/StripeSaves.cls`, 'List<Pricing_Tier__c> surplus = [', 'for (Pricing_Plan__c p : plans) { List<Account> a = [SELECT Id FROM Account]; }\n        List<Pricing_Tier__c> surplus = [', 'a query in a loop'],
  ['soql', `${C}/outgoing/ContactMerge.cls`, 'survivor.Stripe_Customer_ID__c = offered.get(survivor.Id);', 'update survivor;', 'DML in a loop'],
  ['soql', `${C}/screens/CheckoutController.cls`, 'request.customerId = customerOf(stripe, person, saves);', 'saves.commitAll();\n            request.customerId = customerOf(stripe, person, saves);', 'a callout after DML'],
  ['soql', `${C}/dunning/DunningService.cls`, 'WHERE WhatId IN :about AND Subject IN', 'WHERE Subject IN', 'a query that scans all Tasks, in a trigger'],
  ['soql', `${O}/Payment_Transaction__c/fields/Stripe_Invoice_ID__c.field-meta.xml`, '<externalId>true', '<externalId>false', 'an index that a trigger needs'],
  ['soql', `${C}/outgoing/DepartedContacts.cls`, 'Contact_ID__c IN :contactIds AND Status__c', 'Status__c', 'a query by status alone, in a trigger'],
  ['soql', `${C}/stripe/StripePriceService.cls`, 'PricePage', 'Page', 'a reserved name of a class'],
  ['soql', `${C}/outgoing/StripeRetry.cls`, 'Integer askedSeconds', 'Integer end', 'a reserved name of a parameter'],
  ['soql', `${C}/catalogue/PlanCache.cls`, 'String current, String name) {', 'String generation, String current, String name) {\n        Object held = backing.read(GENERATION);', 'a constant that a parameter hides'],
  // form bodies
  ['forms', `${C}/tests/StripeSubscriptionServiceTest.cls`, 'subscription_details[items][0][price]=price_2', 'subscription_items[0][price]=price_2', 'a parameter that Stripe removed'],
  ['forms', `${C}/tests/StripeSignupTest.cls`, "'mode=subscription&customer=cus_1", "'mode=subscription&payment_method_types[0]=card&customers=cus_1", 'an unknown parameter'],
  ['forms', `${C}/tests/StripeSubscriptionServiceTest.cls`, 'proration_date=1800000000&payment', 'proration_date=tomorrow&payment', 'text where Stripe wants a number'],
  ['forms', `${C}/stripe/StripeSubscriptionService.cls`, "'pause_collection[behavior]'", "'pause_collection[mode]'", 'a parameter in code that no test expects'],
  // metadata by its types
  ['metadata', `${O}/Stripe_Customer__c/Stripe_Customer__c.object-meta.xml`, '<enableHistory>', '<enableHistories>', 'a broken tag'],
  ['metadata', `${O}/Stripe_Customer__c/fields/Customer_Name__c.field-meta.xml`, '<type>Text</type>', '<type>Txt</type>', 'an unknown field type'],
  ['metadata', `${O}/Payment_Transaction__c/fields/Amount__c.field-meta.xml`, '<precision>18</precision>', '<precision>many</precision>', 'a number that is none'],
  ['metadata', `${O}/Pricing_Plan__c/fields/Active__c.field-meta.xml`, '<label>', '<colour>red</colour><label>', 'an unknown element'],
  ['metadata', `${D}/permissionsets/Stripe_User.permissionset-meta.xml`, '<hasActivationRequired>false', '<hasActivationRequired>no', 'a boolean that is none'],
  ['metadata', `${D}/namedCredentials/Stripe_Test.namedCredential-meta.xml`, 'SecuredEndpoint', 'SafeEndpoint', 'an unknown credential type'],
  ['metadata', `${D}/externalCredentials/Stripe_Test.externalCredential-meta.xml`, '<authenticationProtocol>Custom</authenticationProtocol>', '', 'a required element that is missing'],
  ['metadata', `${O}/Payment_Failed__e/Payment_Failed__e.object-meta.xml`, 'PublishAfterCommit', 'PublishLater', 'an unknown publish behaviour'],
  ['metadata', 'per-org/main/default/cachePartitions/StripePayments.cachePartition-meta.xml', '<cacheType>Organization', '<cacheType>Org', 'an unknown kind of cache'],
  // metadata by its references
  ['references', `${O}/Pricing_Plan__c/Pricing_Plan__c.object-meta.xml`, '<sharingModel>ReadWrite', '<sharingModel>Private', 'private rows in a shared cache'],
  ['references', `${O}/Stripe_Subscription__c/fields/Stripe_Customer__c.field-meta.xml`, '<referenceTo>Stripe_Customer__c', '<referenceTo>Stripe_Client__c', 'a lookup to an unknown object'],
  ['references', `${O}/Payment_Transaction__c/fields/Stripe_Customer__c.field-meta.xml`, '<relationshipName>Payment_Transactions', '<relationshipName>Stripe_Subscriptions', 'two child relationships of one name'],
  ['references', `${O}/Stripe_Customer__c/fields/Stripe_Customer_ID__c.field-meta.xml`, '<caseSensitive>true', '<caseSensitive>false', 'an external id that ignores case'],
  ['references', `${O}/Pricing_Tier__c/Pricing_Tier__c.object-meta.xml`, '<sharingModel>ControlledByParent', '<sharingModel>ReadWrite', 'a detail with its own sharing'],
  ['references', `${O}/Pricing_Plan__c/fields/Recurrency_Type__c.field-meta.xml`, 'Recurrency_Type</valueSetName>', 'Recurrence</valueSetName>', 'an unknown value set'],
  ['references', `${O}/Pricing_Plan__c/fields/Lowest_Unit_Price__c.field-meta.xml`, 'Pricing_Tier__c.Unit_Price__c', 'Pricing_Tier__c.Price__c', 'a roll-up of an unknown field'],
  ['references', `${O}/Pricing_Tier__c/validationRules/Bounds_In_Order.validationRule-meta.xml`, 'To_Quantity__c &lt; From_Quantity__c', 'To_Qty__c &lt; From_Quantity__c', 'a formula with an unknown field'],
  ['references', `${O}/Stripe_Subscription__c/listViews/Past_Due.listView-meta.xml`, 'past_due,unpaid', 'overdue', 'a filter by an unknown value'],
  ['references', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, 'Stripe_Customer__c.Customer_Phone__c', 'Stripe_Customer__c.Phone__c', 'a permission on an unknown field'],
  ['references', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, '<field>Pricing_Tier__c.Tier_Key__c', '<field>Pricing_Tier__c.Pricing_Plan__c', 'a permission on a master-detail field'],
  ['references', `${D}/permissionsets/Stripe_Callouts.permissionset-meta.xml`, 'Stripe_Live-Main', 'Stripe_Live-Admin', 'an unknown principal'],
  ['references', `${D}/permissionsets/Stripe_Callouts.permissionset-meta.xml`, '<allowRead>true', '<allowRead>false', 'a credential whose key cannot be read'],
  ['references', `${D}/permissionsets/Stripe_User.permissionset-meta.xml`, '<apexClass>CheckoutController', '<apexClass>ChequeController', 'access to an unknown class'],
  ['references', `${D}/namedCredentials/Stripe_Live.namedCredential-meta.xml`, '<externalCredential>Stripe_Live', '<externalCredential>Stripe_Prod', 'an unknown external credential'],
  ['references', `${D}/customMetadata/Stripe_Price.Team_Monthly.md-meta.xml`, '>Monthly<', '>Per month<', 'a record with a value that is none'],
  ['references', `${D}/customMetadata/Integration_Config.Default.md-meta.xml`, 'Cancel_URL__c', 'Cancelled_URL__c', 'a record with an unknown field'],
  ['references', `${D}/layouts/Sync_Failure__c-Sync Failure Layout.layout-meta.xml`, 'Sync_Failure__c.Retry', 'Sync_Failure__c.Repeat', 'a layout with an unknown action'],
  ['references', `${D}/layouts/Pricing_Tier__c-Pricing Tier Layout.layout-meta.xml`, '<field>Pricing_Plan__c</field>', '<field>CreatedById</field>', 'a layout without a required field'],
  ['references', `${O}/Stripe_Price__mdt/Stripe_Price__mdt.object-meta.xml`, '<visibility>', '<deploymentStatus>Deployed</deploymentStatus><visibility>', 'a setting that a custom metadata type does not have'],
  // pages
  ['pages', `${D}/applications/Stripe_Payments.app-meta.xml`, '<tabs>Sync_Batch__c', '<tabs>Sync_Job__c', 'an app with an unknown tab'],
  ['pages', `${D}/applications/Stripe_Payments.app-meta.xml`, '<tabs>Integration_Health', '<tabs>Integration_Hearth', 'an app with an unknown tab of a page'],
  ['pages', `${D}/permissionsets/Stripe_User.permissionset-meta.xml`, '<tab>Integration_Health', '<tab>Integration_Hearth', 'a right on an unknown tab'],
  ['pages', `${D}/tabs/Integration_Health.tab-meta.xml`, '<flexiPage>Integration_Health', '<flexiPage>Integration_Hearth', 'a tab of an unknown page'],
  ['pages', `${D}/tabs/Pricing_Tier__c.tab-meta.xml`, 'Custom41: Cash', 'Custom43: Cash', 'a tab of a style that does not exist'],
  ['pages', `${D}/flexipages/Integration_Health.flexipage-meta.xml`, '<componentName>integrationHealth', '<componentName>integrationHearth', 'a page with an unknown component'],
  ['pages', `${L}/integrationHealth/integrationHealth.js-meta.xml`, '<target>lightning__AppPage</target>', '', 'a page with a component that may not stand there'],
  ['pages', `${D}/flexipages/Integration_Health.flexipage-meta.xml`, '<name>main', '<name>middle', 'a region that the template does not have'],
  ['references', 'scripts/data/Pricing_Tiers.json', '@PlanRef1', '@PlanRef9', 'sample data that refers to nothing'],
  ['references', 'config/stripe-scratch-def.json', '"edition": "Developer"', '"edition": "Developper"', 'an edition that does not exist'],
  ['pages', `${D}/applications/Stripe_Payments.app-meta.xml`, '<content>Stripe_Contact_Record_Page', '<content>Contact_Record_Page', 'an app that opens an unknown page'],
  ['pages', `${O}/Stripe_Customer__c/Stripe_Customer__c.object-meta.xml`, '<content>Stripe_Customer_Record_Page', '<content>Stripe_Subscription_Record_Page', 'an object that opens the page of another'],
  ['pages', `${D}/flexipages/Stripe_Contact_Record_Page.flexipage-meta.xml`, 'Contact.Create_Checkout', 'Contact.Create_Cheque', 'a page with an unknown action'],
  ['pages', `${D}/flexipages/Stripe_Customer_Record_Page.flexipage-meta.xml`, '<value>Payment_Transactions__r', '<value>Payments__r', 'a page with an unknown related list'],
  ['pages', `${D}/flexipages/Stripe_Subscription_Record_Page.flexipage-meta.xml`, '<value>Recurrency_Type__c', '<value>Recurrence__c', 'a related list with an unknown column'],
  ['pages', `${D}/flexipages/Payment_Transaction_Record_Page.flexipage-meta.xml`, '<value>changes</value>', '<value>change</value>', 'a tab of a page that shows nothing'],
  ['pages', `${D}/flexipages/Payment_Transaction_Record_Page.flexipage-meta.xml`, 'force:detailPanel', 'force:detailsPanel', 'a page with an unknown standard component'],
  ['pages', `${O}/Sync_Batch__c/Sync_Batch__c.object-meta.xml`, '<compactLayoutAssignment>Key_Facts</compactLayoutAssignment>', '', 'an object without highlights'],
  ['references', `${O}/Sync_Batch__c/compactLayouts/Key_Facts.compactLayout-meta.xml`, 'Rows_Failed__c', 'Rows_Lost__c', 'a compact layout with an unknown field'],
  ['references', `${O}/Stripe_Subscription__c/listViews/Ending.listView-meta.xml`, '<field>Cancel_At_Period_End__c', '<field>Cancel_At_End__c', 'a list view filtered by an unknown field'],
  // reports
  ['reports', `${R}/Stripe_Payments/Failed_Payments.report-meta.xml`, '$Failure_Message__c', '$Failure_Text__c', 'a report that names an unknown field'],
  ['reports', `${R}/Stripe_Payments/Failed_Payments.report-meta.xml`, '<reportType>Stripe_Payments', '<reportType>Stripe_Payment', 'a report of an unknown type'],
  ['reports', `${R}/Stripe_Payments/Failed_Payments.report-meta.xml`, 'requires_payment_method', 'failed', 'a report filtered by an unknown value'],
  ['reports', `${R}/Stripe_Payments/Revenue_by_Month.report-meta.xml`, '<aggregateTypes>Sum</aggregateTypes>', '', 'a chart of what is not added up'],
  ['reports', `${R}/Stripe_Payments/Revenue_by_Month.report-meta.xml`, '<field>Payment_Transaction__c$Payment_Method_Type__c', '<field>Payment_Transaction__c$Currency__c', 'a column that is grouped already'],
  ['reports', `${R}/Stripe_Payments/Payments_by_Month.report-meta.xml`, '<format>Matrix', '<format>Summary', 'a matrix that is called a summary'],
  ['reports', `${R}/Stripe_Sync_Health/Sync_Failures_by_Category.report-meta.xml`, '<groupingColumn>Sync_Failure__c$Category__c', '<groupingColumn>Sync_Failure__c$Status__c', 'a chart by what is not grouped'],
  ['reports', `${R}/Stripe_Sync_Health/Sync_Failures_by_Day.report-meta.xml`, '<name>Sync Failures by Day', '<name>Sync Failures by Day, by Category and Code', 'a name that is too long for a report'],
  ['reports', `${D}/reportTypes/Stripe_Payments.reportType-meta.xml`, '<field>Stripe_Customer__c.Customer_Email__c', '<field>Stripe_Customer__c.Email__c', 'a report type with an unknown field'],
  ['reports', `${O}/Sync_Batch__c/Sync_Batch__c.object-meta.xml`, '<enableReports>true', '<enableReports>false', 'a report type of an object without reports'],
  ['reports', `${D}/permissionsets/Stripe_Admin.permissionset-meta.xml`, '<field>Sync_Batch__c.Rows_Refused__c', '<field>Sync_Batch__c.Rows_Rejected__c', 'a report that its reader cannot read'],
  ['reports', `${D}/dashboards/Stripe_Payments/Stripe_Payments.dashboard-meta.xml`, '/Revenue_by_Month', '/Revenue_by_Week', 'a dashboard with an unknown report'],
  ['reports', `${D}/dashboards/Stripe_Sync_Health/Stripe_Sync_Health.dashboard-meta.xml`, '<columnIndex>6', '<columnIndex>5', 'a dashboard with parts over each other'],
  ['reports', `${D}/dashboards/Stripe_Payments/Stripe_Payments.dashboard-meta.xml`, 'LoggedInUser', 'SpecifiedUser', "a dashboard that shows another person's rows"],
  // screens
  ['references', `${L}/changePlan/changePlan.js`, 'PlanChangeController.preview', 'PlanChangeController.previews', 'an unknown Apex method'],
  ['references', `${L}/createCheckout/createCheckout.js`, "'c/screenError'", "'c/screenErrors'", 'an unknown module'],
  ['references', `${L}/retryFailure/retryFailure.js`, 'retry({ failureId', 'retry({ id', 'a parameter that the method does not have'],
  ['references', `${L}/retryFailure/retryFailure.html`, 'disabled={isBusy}', 'disabled={isBussy}', 'a template that names nothing'],
  ['references', `${C}/screens/CheckoutController.cls`, '@AuraEnabled(cacheable=true)', '@AuraEnabled', 'a wired method that is not cacheable'],
  ['references', `${D}/quickActions/Stripe_Subscription__c.End_or_Pause.quickAction-meta.xml`, '>manageSubscription<', '>manageSubscriptions<', 'an action of an unknown component'],
  ['tests', `${L}/changePlan/changePlan.js`, 'this.quantity = this.state.quantity ?? 1;', 'this.quantity = 1;', 'a change of plan that loses the quantity'],
  ['tests', `${L}/manageSubscription/manageSubscription.js`, "(this.isPausing && !this.behavior)", 'false', 'a pause that says nothing about invoices'],
  ['components', `${L}/retryFailure/retryFailure.html`, '</lightning-quick-action-panel>', '', 'a tag that does not close'],
  ['components', `${L}/createCheckout/createCheckout.js`, '@api recordId;', '@api recordId; @api @wire(plans) recordId2;', 'decorators that exclude each other'],
  ['tests', `${L}/changePlan/changePlan.js`, 'this.preview = undefined;', '', 'a stale preview that may be charged'],
  ['tests', `${L}/createCheckout/createCheckout.js`, 'this.signup ??', 'undefined ??', 'a second signup after a failure'],
  ['tests', `${L}/integrationHealth/integrationHealth.js`, '!document.hidden', 'true', 'a page that looks on while nobody sees it'],
  ['tests', `${L}/healthVerdict/healthVerdict.js`, 'isOld || this.isUnread', 'this.isUnread', 'an old row that is believed'],
  ['tests', `${L}/healthVerdict/healthVerdict.js`, "icon: 'utility:warning'", "icon: 'utility:success'", 'a state told by its colour alone'],
  ['tests', `${L}/openFailures/openFailures.html`, 'aria-expanded={category.expanded}', 'aria-expanded="some"', 'an attribute that no screen reader knows'],
  ['tests', `${L}/openFailures/openFailures.js`, 'this.focusOn(this.shown);', '', 'a focus that is lost with its button'],
  ['tests', `${L}/openFailures/openFailures.js`, 'if (!isSure)', 'if (isSure === undefined)', 'a category that is retried unconfirmed'],
  ['format', `${C}/stripe/StripeForm.cls`, 'public String body() {', 'public String body( {', 'a syntax error'],
  // with the middleware
  ['user-mode', `${D}/permissionsets/Stripe_User.permissionset-meta.xml`, '<field>Contact.Email</field>', '<field>Contact.Title</field>', 'a screen that reads what its user may not'],
  ['user-mode', `${D}/permissionsets/Stripe_User.permissionset-meta.xml`, '<editable>true</editable>\n        <field>Stripe_Subscription__c.Quantity__c</field>', '<editable>false</editable>\n        <field>Stripe_Subscription__c.Quantity__c</field>', 'a screen that writes what its user may not'],
  ['user-mode', `${C}/tests/SyncFailureScreenTest.cls`, 'System.runAs(TestDataFactory.insertAdministrator()) {', 'if (true) {', 'a test that only a user with rights passes'],
  ['middleware', `${D}/staticresources/Plan_Name_Cases.json`, '"expected": "Platinum"', '"expected": "Gold"', 'another case of the rule that names a plan'],
  ['middleware', `${C}/freshness/OwnedColumns.cls`, 'Payment_Transaction__c.Failure_Code__c,', '', 'a column without its owner'],
  ['middleware', `${C}/freshness/StoredRows.cls`, 'Dispute_Reason__c,', '', 'a column that is not read under lock'],
  ['middleware', `${D}/staticresources/Freshness_Cases.json`, '"guard": "keep"', '"guard": "refuse"', 'another case of the rule'],
  ['middleware', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, '<field>Stripe_Customer__c.Customer_Email__c', '<field>Stripe_Customer__c.Customer_Mail__c', 'a field the middleware may not write'],
  ['middleware', `${O}/Stripe_Subscription__c/fields/Checkout_Link__c.field-meta.xml`, '<length>2048', '<length>256', 'a field that is too short'],
  ['middleware', `${O}/Stripe_Subscription__c/fields/Status__c.field-meta.xml`, '<fullName>paused', '<fullName>on_hold', 'a picklist without a value of Stripe'],
  ['middleware', `${D}/globalValueSets/Recurrency_Type.globalValueSet-meta.xml`, '<fullName>Semiannual', '<fullName>Halfyearly', 'a global value set without a value that is written'],
  ['middleware', `${O}/Sync_Failure__c/fields/Message__c.field-meta.xml`, '<length>4000', '<length>3000', 'an audit field that is too short'],
  ['middleware', `${O}/Payment_Failed__e/fields/Amount__c.field-meta.xml`, '<scale>3', '<scale>2', 'a figure that would be rounded'],
  ['middleware', `${O}/Sync_Batch__c/fields/Transport__c.field-meta.xml`, '<fullName>Bulk', '<fullName>Bulk API', 'an audit picklist without a value that is written'],
  ['middleware', `${O}/Sync_Batch__c/fields/Batch_Key__c.field-meta.xml`, '<unique>true', '<unique>false', 'an upsert key that is not unique'],
  ['middleware', `${O}/Payment_Transaction__c/fields/Transaction_Date__c.field-meta.xml`, '<type>DateTime', '<type>Date', 'a field of another kind'],
  ['middleware', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, '<field>Sync_Failure__c.Source__c', '<field>Sync_Failure__c.Salesforce_Record_ID__c', 'a right on a field that is not written'],
  ['middleware', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, '<editable>false</editable>\n        <field>Pricing_Plan__c.Refused_Write__c', '<editable>true</editable>\n        <field>Pricing_Plan__c.Refused_Write__c', 'a right to write what is only read back'],
  ['middleware', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, '<allowDelete>false</allowDelete>', '<allowDelete>true</allowDelete>', 'a right to delete'],
  ['middleware', `${D}/permissionsets/Stripe_Integration_User.permissionset-meta.xml`, '<hasActivationRequired>', '<classAccesses><apexClass>PriceController</apexClass><enabled>true</enabled></classAccesses>\n    <hasActivationRequired>', 'a class that the middleware does not call'],
  // what the guard and the Contact trigger do
  ['behaviour', `${C}/freshness/FreshnessRule.cls`, 'incoming > stored', 'incoming < stored', 'a guard that takes the older state'],
  ['behaviour', `${C}/freshness/FreshnessRule.cls`, 'return changes ? Verdict.REFUSE : Verdict.APPLY;', 'return Verdict.APPLY;', 'a guard that takes the last of one second'],
  ['behaviour', `${C}/freshness/FreshnessRule.cls`, 'if (isTerminal(stored) != isTerminal(incoming)) {', 'if (false) {', 'a guard that wakes the dead'],
  ['behaviour', `${C}/freshness/FreshnessGuard.cls`, 'version(stored, owned),', 'version(old, owned),', 'a guard that judges by what was stored before the lock'],
  ['behaviour', `${C}/freshness/FreshnessGuard.cls`, 'restore(owned, row, stored);\n                continue;', 'continue;', 'a guard that lets a write take back what another owner stored meanwhile'],
  ['behaviour', `${C}/freshness/FreshnessGuard.cls`, 'row.put(REFUSED_FIELD, refused ? mark.writeId : null);', 'row.put(REFUSED_FIELD, null);', 'a refusal that nobody is told'],
  ['behaviour', `${C}/freshness/FreshnessGuard.cls`, 'if (verdict != FreshnessRule.Verdict.APPLY) {', 'if (verdict == FreshnessRule.Verdict.REFUSE) {', 'a stub that overwrites'],
  ['behaviour', `${C}/freshness/FreshnessGuard.cls`, 'return ((String) left).equals((String) right);', 'return left == right;', 'a guard to which letters in another case are the same'],
  ['behaviour', `${C}/freshness/StripeWriteMark.cls`, "text.split(';', 3)", "text.split(';')", 'a correlation id that is cut at a semicolon'],
  ['behaviour', `${C}/outgoing/ContactTriggerHandler.cls`, 'if (!changes.isEmpty()) {', 'if (changes != null) {', 'a call for every save of a Contact'],
  ['behaviour', `${C}/outgoing/ContactTriggerHandler.cls`, 'if (person.Stripe_Customer_ID__c == null) {\n                requests.add(', 'if (person.Id != null) {\n                requests.add(', 'a second customer for a Contact that Stripe gave us'],
  ['behaviour', `${C}/stripe/StripeCustomerService.cls`, "addIfChanged(form, 'phone', before.Phone, after.Phone);", "addIfChanged(form, 'phone', before.Phone, after.Phone);\n        addIfChanged(form, CONTACT_KEY, before.Stripe_Customer_ID__c, after.Stripe_Customer_ID__c);", 'an answer to our own echo'],
  ['behaviour', `${C}/inbound/CustomerStatus.cls`, 'if (lastRequest != null && lastRequest.isUndone()) {', 'if (lastRequest == null) {', 'a status that is not computed when another row of the save failed'],
  ['behaviour', `${C}/outgoing/StripeWork.cls`, 'announcement == null || announcement.isUndone()', 'announcement == null', 'work that nobody announces when another row of the save failed'],
  ['behaviour', `${C}/inbound/CustomerStatus.cls`, 'asked.size() <= mostAtOnce', 'asked.size() > 0', 'more customers than a transaction can read'],
  // the project
  ['manifest', 'manifest/package.xml', '<members>Stripe_Customer__c.Customer_Name__c</members>', '', 'a component that the manifest leaves out'],
  ['references', 'scripts/scratch-org.sh', ' Stripe_Integration_User; do', '; do', 'sample data that nobody may import'],
  ['data', 'scripts/data/Payment_Transactions.json', '"Currency__c": "EUR"', '"Currency__c": "eur"', 'a sample row that a validation rule refuses'],
  ['script', 'scripts/scratch-org.sh', '*" $name "*)', '*" none "*)', 'a permission set that is assigned twice'],
  ['script', 'scripts/scratch-org.sh', 'if ! sf project deploy start "${apps[@]', 'if sf project deploy start --source-dir force-app/apps && ! sf project deploy start "${apps[@]', 'an app that is never deployed'],
  ['script', 'scripts/scratch-org.sh', '"$samples" = 0', '"$samples" != x', 'sample data that is imported twice'],
];

const only = process.argv.find((each) => each.startsWith('--only='))?.slice(7);
const every = Number(process.argv.find((each) => each.startsWith('--every='))?.slice(8) ?? 1);
const from = (Number(process.argv.find((each) => each.startsWith('--from='))?.slice(7)) || 0) % every;
const source = path.resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(path.join(tmpdir(), 'planted-'));
cpSync(source, copy, { recursive: true, filter: (from) => !from.includes('node_modules') });
ensureJava(console.log);
let missed = 0;
let planted = 0;
for (const [i, [step, file, find, replace, what]] of MISTAKES.entries()) {
  if (i % every !== from || (only && !what.includes(only))) continue;
  planted += 1;
  const target = path.join(copy, file);
  const before = readFileSync(target, 'utf8');
  const after = before.split(find).join(replace);
  let verdict = 'the mistake cannot be planted: its text is gone';
  if (after !== before) {
    writeFileSync(target, after);
    verdict = (await STEPS[step](readProject(copy))).length > 0 ? 'caught' : 'MISSED';
    writeFileSync(target, before);
  }
  if (verdict !== 'caught') {
    missed += 1;
    console.log(`${step.padEnd(12)} ${verdict}  ${what} (${file})`);
  }
}
rmSync(copy, { recursive: true, force: true });
console.log(`${planted - missed} of ${planted} planted mistakes caught`);
process.exitCode = missed === 0 ? 0 : 1;
