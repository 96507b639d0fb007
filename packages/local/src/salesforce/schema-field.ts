import * as v from 'valibot';
import { type FieldSchema, type FieldType, field, type PicklistValue, type Stored, type Summary } from './schema.ts';

/** One `<CustomField>` of SFDX source as a {@link FieldSchema}. */
export type ValueSets = ReadonlyMap<string, readonly PicklistValue[]>;

const FIELD_TYPES = [
  'Text',
  'Email',
  'Phone',
  'Url',
  'TextArea',
  'LongTextArea',
  'Html',
  'Number',
  'Currency',
  'Percent',
  'Checkbox',
  'Date',
  'DateTime',
  'Picklist',
  'Lookup',
  'MasterDetail',
  'AutoNumber',
  'Summary',
] as const;

const text = v.optional(v.string());
const flag = v.optional(
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((value) => value === 'true'),
  ),
  'false',
);
const count = v.optional(v.pipe(v.string(), v.digits(), v.transform(Number)));

/** Strict on purpose: the lower block is presentation and has no effect on data, anything else is refused. */
export const FieldXmlSchema = v.strictObject({
  fullName: v.string(),
  label: text,
  type: v.optional(v.picklist(FIELD_TYPES), 'Text'),
  length: count,
  precision: count,
  scale: count,
  required: flag,
  unique: flag,
  externalId: flag,
  caseSensitive: flag,
  defaultValue: text,
  formula: text,
  displayFormat: text,
  startingNumber: v.optional(v.literal('1')),
  referenceTo: text,
  relationshipName: text,
  relationshipOrder: v.optional(v.literal('0')),
  reparentableMasterDetail: flag,
  deleteConstraint: v.optional(v.picklist(['SetNull', 'Restrict', 'Cascade']), 'SetNull'),
  summaryForeignKey: text,
  summaryOperation: v.optional(v.picklist(['count', 'sum', 'min', 'max'])),
  summarizedField: text,
  valueSet: v.optional(
    v.strictObject({
      restricted: flag,
      valueSetName: text,
      valueSetDefinition: v.optional(
        v.strictObject({
          sorted: text,
          value: v.array(
            v.strictObject({
              fullName: v.string(),
              label: text,
              default: flag,
              isActive: v.optional(v.string(), 'true'),
              color: text,
              description: text,
            }),
          ),
        }),
      ),
    }),
  ),

  description: text,
  inlineHelpText: text,
  relationshipLabel: text,
  visibleLines: text,
  displayLocationInDecimal: text,
  trackHistory: text,
  trackFeedHistory: text,
  trackTrending: text,
  writeRequiresMasterRead: text,
  formulaTreatBlanksAs: text,
  fieldManageability: text,
  securityClassification: text,
  complianceGroup: text,
  businessStatus: text,
  isFilteringDisabled: text,
  isNameField: text,
  isSortingDisabled: text,
});
export type FieldXml = v.InferOutput<typeof FieldXmlSchema>;
type XmlType = (typeof FIELD_TYPES)[number];

const PLAIN_TYPE = {
  Text: 'string',
  Email: 'email',
  Phone: 'phone',
  Url: 'url',
  TextArea: 'textarea',
  LongTextArea: 'textarea',
  Html: 'textarea',
  Number: 'double',
  Currency: 'currency',
  Percent: 'percent',
  Checkbox: 'boolean',
  Date: 'date',
  DateTime: 'datetime',
  Picklist: 'picklist',
  Lookup: 'reference',
  MasterDetail: 'reference',
  AutoNumber: 'string',
  Summary: 'double',
} as const satisfies Record<XmlType, FieldType>;

/** Lengths that Salesforce fixes; the others are in the file. */
const FIXED_LENGTH: Partial<Record<XmlType, number>> = {
  Email: 80,
  Phone: 40,
  Url: 255,
  TextArea: 255,
  Picklist: 255,
  Lookup: 18,
  MasterDetail: 18,
  AutoNumber: 30,
};

export function fieldFromXml(xml: FieldXml, file: string, valueSets: ValueSets): FieldSchema {
  const refuse = (reason: string) => new Error(`${file}: ${reason}.`);
  const picklist = xml.type === 'Picklist' ? picklistOf(xml, valueSets, refuse) : [];
  const readOnly = xml.formula !== undefined || xml.type === 'Summary' || xml.type === 'AutoNumber';
  const base = {
    ...identityOf(xml),
    ...referenceOf(xml, refuse),
    name: xml.fullName,
    type: PLAIN_TYPE[xml.type],
    custom: true,
    length: lengthOf(xml, refuse),
    required: xml.required || xml.type === 'MasterDetail',
    createable: !readOnly,
    updateable: !readOnly && !(xml.type === 'MasterDetail' && !xml.reparentableMasterDetail),
    calculated: xml.formula !== undefined || xml.type === 'Summary',
    formula: xml.formula ?? null,
    summary: xml.type === 'Summary' ? summaryOf(xml, refuse) : null,
    autoNumber: xml.type === 'AutoNumber' ? (xml.displayFormat ?? '{0}') : null,
    restricted:
      xml.type === 'Picklist' && (xml.valueSet?.restricted === true || xml.valueSet?.valueSetName !== undefined),
    picklist,
    longText: xml.type === 'LongTextArea' || xml.type === 'Html',
    html: xml.type === 'Html',
  };
  return field({ ...base, ...numberOf(xml, refuse), defaultValue: defaultOf(xml, picklist, refuse) });
}

type Refuse = (reason: string) => Error;

function identityOf(xml: FieldXml) {
  return {
    label: xml.label ?? xml.fullName,
    unique: xml.unique,
    caseSensitive: xml.caseSensitive,
    externalId: xml.externalId,
    idLookup: xml.externalId,
    helpText: xml.inlineHelpText ?? null,
    description: xml.description ?? null,
  };
}

function lengthOf(xml: FieldXml, refuse: Refuse): number {
  const fixed = FIXED_LENGTH[xml.type];
  if (fixed !== undefined) return fixed;
  const sized = ['Text', 'LongTextArea', 'Html'].includes(xml.type) && xml.formula === undefined;
  if (sized && xml.length === undefined) throw refuse('length is missing');
  return xml.length ?? 0;
}

function numberOf(xml: FieldXml, refuse: Refuse) {
  if (!['Number', 'Currency', 'Percent'].includes(xml.type)) return {};
  if (xml.formula === undefined && xml.precision === undefined) throw refuse('precision is missing');
  return { precision: xml.precision ?? 18, scale: xml.scale ?? 0 };
}

function referenceOf(xml: FieldXml, refuse: Refuse) {
  if (xml.type !== 'Lookup' && xml.type !== 'MasterDetail') return {};
  if (xml.referenceTo === undefined) throw refuse('referenceTo is missing');
  const detail = xml.type === 'MasterDetail';
  const onParentDelete: FieldSchema['onParentDelete'] = detail ? 'Cascade' : xml.deleteConstraint;
  return {
    referenceTo: [xml.referenceTo],
    relationshipName: xml.fullName.replace(/__c$/, '__r'),
    childRelationshipName: xml.relationshipName === undefined ? null : `${xml.relationshipName}__r`,
    masterDetail: detail,
    reparentable: xml.reparentableMasterDetail,
    onParentDelete,
  };
}

function summaryOf(xml: FieldXml, refuse: Refuse): Summary {
  const [detail, foreignKey] = xml.summaryForeignKey?.split('.') ?? [];
  if (detail === undefined || foreignKey === undefined || xml.summaryOperation === undefined) {
    throw refuse('a roll-up needs summaryForeignKey (Detail__c.Master__c) and summaryOperation');
  }
  const summarized = xml.summarizedField?.split('.')[1] ?? null;
  if (summarized === null && xml.summaryOperation !== 'count') throw refuse('summarizedField is missing');
  return { operation: xml.summaryOperation, detail, foreignKey, summarized };
}

function picklistOf(xml: FieldXml, valueSets: ValueSets, refuse: Refuse): readonly PicklistValue[] {
  const name = xml.valueSet?.valueSetName;
  if (name !== undefined) {
    const values = valueSets.get(name);
    if (values === undefined) throw refuse(`the global value set ${name} is not in globalValueSets/`);
    return values;
  }
  const values = xml.valueSet?.valueSetDefinition?.value;
  if (values === undefined) throw refuse('a picklist needs valueSetDefinition or valueSetName');
  return values.map((value) => ({
    value: value.fullName,
    label: value.label ?? value.fullName,
    active: value.isActive === 'true',
    isDefault: value.default,
  }));
}

/** Constant defaults only: a default formula would have to be evaluated. */
function defaultOf(xml: FieldXml, picklist: readonly PicklistValue[], refuse: Refuse): Stored {
  const chosen = picklist.find((value) => value.isDefault);
  if (chosen !== undefined) return chosen.value;
  const given = xml.defaultValue;
  if (xml.type === 'Checkbox') return given === 'true';
  if (given === undefined) return null;
  if (/^-?\d+(\.\d+)?$/.test(given)) return Number(given);
  const quoted = /^(["'])(.*)\1$/.exec(given);
  if (quoted?.[2] !== undefined) return quoted[2];
  throw refuse(`defaultValue ${given} is a formula, which is not modelled by the local org`);
}
