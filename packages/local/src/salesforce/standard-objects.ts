import { type FieldSchema, field, type ObjectSchema } from './schema.ts';

/**
 * The standard objects this org has, with the fields a payments integration meets. A field that is missing here is
 * missing loudly: `No such column`.
 */
type Draft = Omit<ObjectSchema, 'byName' | 'byRelationship' | 'children'>;

const text = (name: string, length: number, more: Partial<FieldSchema> = {}) =>
  field({ name, label: labelOf(name), type: 'string', length, ...more });

const readOnly = { createable: false, updateable: false } as const;

/** `BillingPostalCode` → `Billing Postal Code`. */
function labelOf(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2');
}

const choice = (name: string, values: readonly string[]) =>
  field({
    name,
    label: labelOf(name),
    type: 'picklist',
    length: 255,
    picklist: values.map((value) => ({ value, label: value, active: true, isDefault: false })),
  });

function lookup(name: string, to: string, more: Partial<FieldSchema> = {}): FieldSchema {
  return field({
    name,
    label: labelOf(name),
    type: 'reference',
    length: 18,
    referenceTo: [to],
    relationshipName: name.replace(/Id$/, ''),
    ...more,
  });
}

const idField = field({ name: 'Id', label: 'Record ID', type: 'id', length: 18, idLookup: true, ...readOnly });

/** What every object carries. Details of a master have no owner of their own. */
export function systemFields(owned: boolean): readonly FieldSchema[] {
  const audit = (name: string, label: string) => field({ name, label, type: 'datetime', ...readOnly });
  return [
    idField,
    ...(owned ? [lookup('OwnerId', 'User', { label: 'Owner ID' })] : []),
    field({ name: 'IsDeleted', label: 'Deleted', type: 'boolean', defaultValue: false, ...readOnly }),
    audit('CreatedDate', 'Created Date'),
    lookup('CreatedById', 'User', { label: 'Created By ID', ...readOnly }),
    audit('LastModifiedDate', 'Last Modified Date'),
    lookup('LastModifiedById', 'User', { label: 'Last Modified By ID', ...readOnly }),
    audit('SystemModstamp', 'System Modstamp'),
  ];
}

const address = (prefix: string): readonly FieldSchema[] => [
  field({ name: `${prefix}Street`, label: `${prefix} Street`, type: 'textarea', length: 255 }),
  text(`${prefix}City`, 40),
  text(`${prefix}State`, 80),
  text(`${prefix}PostalCode`, 20),
  text(`${prefix}Country`, 80),
];

const email = (name: string, more: Partial<FieldSchema> = {}) =>
  field({ name, label: labelOf(name), type: 'email', length: 80, ...more });
const phone = (name: string) => field({ name, label: labelOf(name), type: 'phone', length: 40 });
const longText = (name: string) =>
  field({ name, label: labelOf(name), type: 'textarea', length: 32_000, longText: true });

const STANDARD: readonly Draft[] = [
  {
    name: 'Account',
    label: 'Account',
    labelPlural: 'Accounts',
    keyPrefix: '001',
    custom: false,
    kind: 'object',
    rules: [],
    fields: [
      ...systemFields(true),
      text('Name', 255, { label: 'Account Name', required: true, nameField: true }),
      choice('Type', ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Partner', 'Other']),
      choice('Industry', ['Banking', 'Education', 'Finance', 'Retail', 'Technology', 'Other']),
      text('AccountNumber', 40),
      phone('Phone'),
      field({ name: 'Website', label: 'Website', type: 'url', length: 255 }),
      field({ name: 'AnnualRevenue', label: 'Annual Revenue', type: 'currency', precision: 18, scale: 0 }),
      field({ name: 'NumberOfEmployees', label: 'Employees', type: 'int', precision: 8 }),
      lookup('ParentId', 'Account', { childRelationshipName: 'ChildAccounts' }),
      longText('Description'),
      ...address('Billing'),
      ...address('Shipping'),
    ],
  },
  {
    name: 'Contact',
    label: 'Contact',
    labelPlural: 'Contacts',
    keyPrefix: '003',
    custom: false,
    kind: 'object',
    rules: [],
    fields: [
      ...systemFields(true),
      text('LastName', 80, { required: true }),
      text('FirstName', 40),
      text('Name', 121, { label: 'Full Name', nameField: true, calculated: true, ...readOnly }),
      lookup('AccountId', 'Account', { childRelationshipName: 'Contacts' }),
      email('Email', { idLookup: true }),
      phone('Phone'),
      phone('MobilePhone'),
      text('Title', 128),
      text('Department', 80),
      choice('LeadSource', ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
      field({ name: 'Birthdate', label: 'Birthdate', type: 'date' }),
      field({ name: 'HasOptedOutOfEmail', label: 'Email Opt Out', type: 'boolean', defaultValue: false }),
      longText('Description'),
      ...address('Mailing'),
    ],
  },
  {
    name: 'User',
    label: 'User',
    labelPlural: 'Users',
    keyPrefix: '005',
    custom: false,
    kind: 'object',
    rules: [],
    fields: [
      ...systemFields(false).map((f) => ({
        ...f,
        relationshipName: null,
        referenceTo: [],
        childRelationshipName: null,
      })),
      text('Username', 80, { required: true, unique: true, idLookup: true }),
      text('LastName', 80, { required: true }),
      text('FirstName', 40),
      text('Name', 121, { label: 'Full Name', nameField: true, calculated: true, ...readOnly }),
      text('Alias', 8),
      email('Email', { required: true }),
      field({ name: 'IsActive', label: 'Active', type: 'boolean', defaultValue: true }),
      choice('UserType', ['Standard']),
      text('ProfileId', 18),
      text('TimeZoneSidKey', 40),
      text('LocaleSidKey', 40),
      text('LanguageLocaleKey', 40),
    ],
  },
  {
    name: 'Organization',
    label: 'Organization',
    labelPlural: 'Organizations',
    keyPrefix: '00D',
    custom: false,
    kind: 'object',
    rules: [],
    fields: [
      ...systemFields(false).map((f) => ({
        ...f,
        relationshipName: null,
        referenceTo: [],
        childRelationshipName: null,
      })),
      text('Name', 80, { nameField: true, ...readOnly }),
      text('InstanceName', 5, readOnly),
      text('NamespacePrefix', 15, readOnly),
      text('OrganizationType', 40, readOnly),
      field({ name: 'IsSandbox', label: 'Is Sandbox', type: 'boolean', defaultValue: false, ...readOnly }),
      field({ name: 'TrialExpirationDate', label: 'Trial Expiration Date', type: 'datetime', ...readOnly }),
    ],
  },
  {
    // What the user of the session may do at large (object reference: UserPermissionAccess); one row, of the integration user.
    name: 'UserPermissionAccess',
    label: 'User Permission Access',
    labelPlural: 'User Permission Access',
    keyPrefix: '0P0',
    custom: false,
    kind: 'object',
    rules: [],
    fields: [
      ...systemFields(false).map((f) => ({
        ...f,
        relationshipName: null,
        referenceTo: [],
        childRelationshipName: null,
      })),
      ...['ApiEnabled', 'ModifyAllData', 'ViewAllData', 'ManageUsers', 'AuthorApex', 'CustomizeApplication'].map(
        (name) => field({ name: `Permissions${name}`, label: name, type: 'boolean', defaultValue: false, ...readOnly }),
      ),
    ],
  },
  {
    name: 'Task',
    label: 'Task',
    labelPlural: 'Tasks',
    keyPrefix: '00T',
    custom: false,
    kind: 'object',
    rules: [],
    fields: [
      ...systemFields(true),
      text('Subject', 255, { nameField: true }),
      choice('Status', ['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred']),
      choice('Priority', ['High', 'Normal', 'Low']),
      field({ name: 'ActivityDate', label: 'Due Date Only', type: 'date' }),
      lookup('WhoId', 'Contact', { childRelationshipName: 'Tasks' }),
      longText('Description'),
    ],
  },
];

export function standardObjects(): readonly Draft[] {
  return STANDARD;
}
