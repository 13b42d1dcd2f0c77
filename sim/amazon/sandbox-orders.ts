import {
  alias,
  BOTH_WINDOWS,
  buyer,
  channel,
  days,
  EMPTY_LINES,
  item,
  paid,
  PROMOTED,
  shipping,
  times,
} from './sandbox-parts.ts';
import type { Body, Sold } from './sandbox-parts.ts';

const brazilianAddress = (complement: string): Body => ({
  name: 'Iara Nogueira',
  addressLine1: 'Rua do Porto, 88',
  addressLine2: complement,
  city: 'Recife',
  stateOrRegion: 'PE',
  postalCode: '50030-230',
  countryCode: 'BR',
  phone: '+55 81 5550 0101',
  extendedFields: {
    streetName: 'Rua do Porto',
    streetNumber: '88',
    complement,
    neighborhood: 'Recife Antigo',
  },
});

const BRAZILIAN: Body = {
  orderId: '171-9876543-2109876',
  orderAliases: alias('BR-1'),
  ...times,
  programs: ['PRIME'],
  salesChannel: channel('BR'),
  buyer: buyer('BR', 'Iara Nogueira'),
  recipient: {
    deliveryAddress: { ...brazilianAddress('Casa 2'), ...EMPTY_LINES, addressType: 'RESIDENTIAL' },
  },
  proceeds: { grandTotal: paid('BR', '149.50') },
  fulfillment: shipping('UNSHIPPED', 'MERCHANT', {
    ...BOTH_WINDOWS,
    labelPrintingWindow: { earliestDateTime: '2025-06-03T12:00:00Z' },
  }),
  orderItems: [
    item(
      {
        orderItemId: '17100000000001',
        country: 'BR',
        title: 'Chaleira',
        unit: '149.50',
        parts: [['ITEM', '149.50']],
        total: '149.50',
      },
      {
        fulfillment: { packing: { giftOption: { giftMessage: 'Parabéns!', giftWrapLevel: 'STANDARD' } } },
        beside: PROMOTED,
      },
    ),
  ],
};

const turkishAddress: Body = {
  name: 'Defne Aksoy',
  addressLine1: 'Liman Sokak 5',
  addressLine2: 'Kat 1',
  city: 'Bursa',
  stateOrRegion: 'Bursa',
  postalCode: '16010',
  countryCode: 'TR',
};

const TURKISH: Body = {
  orderId: '028-1234567-8901234',
  orderAliases: alias('TR-1'),
  ...times,
  salesChannel: channel('TR'),
  buyer: buyer('TR', 'Defne Aksoy'),
  recipient: {
    deliveryAddress: {
      ...turkishAddress,
      addressLine3: '',
      districtOrCounty: 'Nilüfer',
      municipality: '',
      addressType: 'COMMERCIAL',
    },
  },
  proceeds: { grandTotal: paid('TR', '840.00') },
  fulfillment: shipping('SHIPPED', 'MERCHANT', BOTH_WINDOWS),
  tax: {
    taxRegistrations: [
      {
        entityType: 'BUYER',
        taxRegistrationType: 'BUSINESS',
        taxRegistrationNumber: 'TR0000000001',
        legalName: 'Aksoy Kahve',
        taxRegistrationAddress: { ...turkishAddress, companyName: 'Aksoy Kahve' },
        taxRegistrationAttributes: [{ key: 'TAX_OFFICE', value: 'Nilüfer' }],
      },
    ],
    taxInvoicing: { buyerInvoicePreference: 'BUSINESS' },
  },
  orderItems: [
    item(
      {
        orderItemId: '02800000000001',
        quantityOrdered: 2,
        country: 'TR',
        title: 'Kahve değirmeni',
        unit: '420.00',
        parts: [['ITEM', '840.00']],
        total: '840.00',
        shipped: true,
      },
      {
        beside: {
          tax: {
            taxCalculationBreakdowns: [{ reportingScheme: 'IOSS' }],
            taxCollections: [
              { model: 'MARKETPLACE_FACILITATOR', responsibleParty: 'Amazon Services Europe S.a.r.L.' },
            ],
          },
        },
      },
    ),
  ],
};

const AMERICAN: Body = {
  orderId: '114-9876543-1234567',
  ...times,
  programs: ['IN_STORE_PICK_UP'],
  salesChannel: channel('US'),
  recipient: {
    deliveryAddress: {
      name: 'Counterfoil Store #7',
      companyName: 'Counterfoil Store',
      addressLine1: '7 Mill Road',
      addressLine2: 'Unit B',
      city: 'Boise',
      stateOrRegion: 'ID',
      postalCode: '83702',
      countryCode: 'US',
      phone: '+1 208 555 0107',
      ...EMPTY_LINES,
      addressType: 'COMMERCIAL',
    },
  },
  proceeds: { grandTotal: paid('US', '21.20') },
  fulfillment: shipping('UNSHIPPED', 'MERCHANT'),
  orderItems: [
    item(
      {
        orderItemId: '11400000000001',
        country: 'US',
        title: 'Filter papers',
        unit: '20.00',
        parts: [
          ['ITEM', '20.00'],
          ['TAX', '1.20'],
        ],
        total: '21.20',
      },
      {
        beside: {
          associatedOrderItems: [
            {
              orderId: '333-0000000-0000001',
              orderItemId: '11400000000002',
              associationType: 'VALUE_ADD_SERVICE',
            },
          ],
        },
      },
    ),
  ],
};

const points = (count: number): Body => ({
  expense: {
    pointsCost: { pointsGranted: { pointsNumber: count, pointsMonetaryValue: paid('JP', String(count)) } },
  },
});

const japanese = (
  orderItemId: string,
  sold: Pick<Sold, 'title' | 'unit' | 'total'> & { readonly quantityOrdered?: number },
): Sold => ({ orderItemId, country: 'JP', parts: [['ITEM', sold.total]], shipped: true, ...sold });

const JAPANESE: Body = {
  orderId: '250-1234567-8901234',
  orderAliases: alias('JP-1'),
  ...times,
  programs: ['PRIME'],
  associatedOrders: [],
  salesChannel: channel('JP'),
  buyer: buyer('JP', '佐藤 美咲'),
  recipient: {
    deliveryAddress: {
      name: '佐藤 美咲',
      addressLine1: '港町 1-2',
      addressLine2: '301',
      city: '神戸市',
      postalCode: '650-0021',
      countryCode: 'JP',
      addressType: 'RESIDENTIAL',
    },
  },
  proceeds: { grandTotal: paid('JP', '6800') },
  fulfillment: shipping('SHIPPED', 'AMAZON', { shipByWindow: days('02', '03') }),
  orderItems: [
    item(japanese('25000000000001', { title: '手挽きコーヒーミル', unit: '4000', total: '4000' }), {
      product: { serialNumbers: ['MILL-0001'] },
      beside: { programs: ['TRANSPARENCY'], ...points(40), ...PROMOTED },
    }),
    item(japanese('25000000000002', { title: 'カップ', unit: '1400', quantityOrdered: 2, total: '2800' }), {
      product: { serialNumbers: ['CUP-0001', 'CUP-0002'] },
      beside: points(28),
    }),
  ],
};

const option = (asin: string): Body => ({
  asin,
  quantityOrdered: 1,
  sellerSku: `SKU-${asin}`,
  title: 'Kettle in another colour',
  measurement: { unit: 'COUNT', value: 1 },
});

const britishAddress: Body = {
  name: 'Nia Hughes',
  addressLine1: '3 Canal Street',
  addressLine2: 'Flat 4',
  addressLine3: '',
  city: 'Leeds',
  districtOrCounty: 'West Yorkshire',
  stateOrRegion: 'England',
  municipality: '',
  postalCode: 'LS1 4AP',
  countryCode: 'GB',
};

const BRITISH: Body = {
  orderId: '202-7654321-1098765',
  orderAliases: alias('UK-1'),
  ...times,
  programs: ['PRIME'],
  salesChannel: channel('GB'),
  buyer: buyer('GB', 'Nia Hughes'),
  recipient: {
    deliveryAddress: { ...britishAddress, phone: '+44 113 555 0101', addressType: 'RESIDENTIAL' },
  },
  proceeds: { grandTotal: paid('GB', '27.50') },
  fulfillment: shipping('SHIPPED', 'MERCHANT', BOTH_WINDOWS),
  orderItems: [
    item(
      {
        orderItemId: '20200000000001',
        country: 'GB',
        title: 'Kettle',
        unit: '27.50',
        parts: [['ITEM', '27.50']],
        total: '27.50',
        shipped: true,
      },
      {
        fulfillment: {
          picking: {
            substitutionPreference: {
              substitutionType: 'CUSTOMER_PREFERENCE',
              substitutionOptions: [option('B000000001'), option('B000000002')],
            },
          },
        },
        beside: { measurement: { unit: 'COUNT', value: 1 } },
      },
    ),
  ],
  packages: [
    {
      packageReferenceId: 'UK-PACKAGE-1',
      createdTime: '2025-06-03T10:00:00Z',
      packageStatus: { status: 'IN_TRANSIT', detailedStatus: 'OUT_FOR_DELIVERY' },
      carrier: 'Parcel Post',
      shipTime: '2025-06-03T15:00:00Z',
      shippingService: 'Next Day',
      trackingNumber: 'TRACK0001',
      shipFromAddress: { ...britishAddress, name: 'Counterfoil warehouse' },
      packageItems: [{ orderItemId: '20200000000001', quantity: 1, transparencyCodes: ['T00001UK'] }],
    },
  ],
};

const BUSINESS: Body = {
  orderId: '171-2345678-9012345',
  orderAliases: alias('BR-2'),
  ...times,
  programs: ['AMAZON_BUSINESS', 'DELIVERY_BY_AMAZON'],
  salesChannel: channel('BR'),
  buyer: {
    ...buyer('BR', 'Iara Nogueira'),
    buyerCompanyName: 'Nogueira Cafés Ltda',
    buyerPurchaseOrderNumber: 'PO-77',
  },
  recipient: {
    deliveryAddress: {
      ...brazilianAddress('Sala 9'),
      companyName: 'Nogueira Cafés Ltda',
      addressType: 'COMMERCIAL',
    },
  },
  proceeds: { grandTotal: paid('BR', '880.00') },
  tax: {
    taxRegistrations: [
      {
        entityType: 'BUYER',
        legalName: 'Nogueira Cafés Ltda',
        taxRegistrationType: 'VAT',
        taxRegistrationNumber: '0000000001',
      },
      { entityType: 'MARKETPLACE', taxRegistrationType: 'CNPJ', taxRegistrationNumber: '00000002' },
      { entityType: 'MERCHANT', legalName: 'Counterfoil' },
    ],
    taxInvoicing: { invoiceStatus: 'PROCESSING' },
  },
  payment: {
    paymentExecutions: [
      {
        paymentMethod: 'CreditCard',
        paymentAmount: paid('BR', '880.00'),
        acquirerId: '00.000.000/0001-00',
        cardBrand: 'Visa',
        authorizationCode: '000001',
      },
    ],
  },
  fulfillment: shipping('UNSHIPPED', 'MERCHANT', BOTH_WINDOWS),
  orderItems: [
    item(
      {
        orderItemId: '17100000000002',
        country: 'BR',
        title: 'Máquina de café',
        unit: '880.00',
        parts: [['ITEM', '880.00']],
        total: '880.00',
        note: false,
      },
      { price: { priceDesignation: 'BUSINESS_PRICE' } },
    ),
  ],
};

/**
 * The orders of the static sandbox: the ids and shapes are those that Amazon publishes (vendors/amazon.md 7), what stands in
 * them is our own.
 */
export const SANDBOX_ORDERS = { BRAZILIAN, TURKISH, AMERICAN, JAPANESE, BRITISH, BUSINESS };
