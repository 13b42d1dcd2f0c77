/**
 * Orders of invented shops in ten countries, as a shop charges them, and the control calculation of each. Amounts are minor
 * units. The control was computed apart from the program, in exact fractions, and is kept as text: nothing here reads `src/`.
 */
export interface GoldenOrder {
  readonly file: string;
  readonly title: string;
  readonly shop: string;
  readonly number: number;
  readonly placedAt: string;
  readonly currency: string;
  readonly decimals: number;
  readonly pricesIncludeTax: boolean;
  /** The discount code that the discounts of the lines come from. */
  readonly code: string;
  readonly lines: readonly GoldenLine[];
  readonly shipping?: Pick<GoldenLine, 'price' | 'taxes'>;
  readonly cashRounding: number;
  readonly control: Control;
}

export interface GoldenLine {
  readonly title: string;
  readonly sku: string;
  readonly price: number;
  readonly quantity: number;
  readonly discount: number;
  /** Name, rate as a fraction, and the amount charged. */
  readonly taxes: readonly (readonly [title: string, rate: number, amount: number])[];
}

interface Control {
  /** What the buyer paid, and the invoice says. */
  readonly total: string;
  /** All taxes as FreshBooks computes them. */
  readonly tax: string;
  /** What the rounding line must make up; 0 where there is none. */
  readonly rounding: string;
  readonly steps: readonly string[];
}

export const GOLDEN_ORDERS: readonly GoldenOrder[] = [
  {
    file: 'united-states',
    title: 'United States, Los Angeles: four jurisdictions on a line',
    shop: 'tide-and-timber.myshopify.com',
    number: 2047,
    placedAt: '2026-03-14T19:22:41-07:00',
    currency: 'USD',
    decimals: 2,
    pricesIncludeTax: false,
    code: 'SHORE15',
    lines: [
      {
        title: 'Driftwood lamp',
        sku: 'LAMP-3',
        price: 7995,
        quantity: 1,
        discount: 1199,
        taxes: [
          ['California State Tax', 0.06, 408],
          ['Los Angeles County Tax', 0.0025, 17],
          ['Los Angeles City Tax', 0.01, 68],
          ['Los Angeles Co Local Tax Sl', 0.0225, 153],
        ],
      },
      {
        title: 'Beeswax candle',
        sku: 'WAX-07',
        price: 649,
        quantity: 5,
        discount: 487,
        taxes: [
          ['California State Tax', 0.06, 165],
          ['Los Angeles County Tax', 0.0025, 7],
          ['Los Angeles City Tax', 0.01, 28],
          ['Los Angeles Co Local Tax Sl', 0.0225, 62],
        ],
      },
      { title: 'Care guide, printed', sku: 'CARE-1', price: 250, quantity: 1, discount: 0, taxes: [] },
    ],
    shipping: { price: 895, taxes: [] },
    cashRounding: 0,
    control: {
      total: '116.07',
      tax: '9.07',
      rounding: '0.01',
      steps: [
        'Shop, California State Tax 6 % on goods: 95.54 x 6 % = 5.7324, rounded 5.73, as 4.08 + 1.65 on the lines',
        'Shop, Los Angeles County Tax 0.25 % on goods: 95.54 x 0.25 % = 0.23885, rounded 0.24, as 0.17 + 0.07 on the lines',
        'Shop, Los Angeles City Tax 1 % on goods: 95.54 x 1 % = 0.9554, rounded 0.96, as 0.68 + 0.28 on the lines',
        'Shop, Los Angeles Co Local Tax Sl 2.25 % on goods: 95.54 x 2.25 % = 2.14965, rounded 2.15, as 1.53 + 0.62 on the lines',
        'FreshBooks, California State Tax 6 %: net 95.54 x 6 % = 5.7324, rounded 5.73',
        'FreshBooks, Los Angeles County Tax + Los Angeles City Tax + Los Angeles Co Local Tax Sl 3.5 %: net 95.54 x 3.5 % = 3.3439, rounded 3.34',
        'Net of all lines 106.99 + taxes charged 9.08 = 116.07, what the buyer paid',
        'Net of all lines 106.99 + taxes in FreshBooks 9.07 + rounding 0.01 = 116.07, the invoice',
      ],
    },
  },
  {
    file: 'canada',
    title: 'Canada, Québec: GST 5 % and QST 9.975 %',
    shop: 'erabliere-du-lac.myshopify.com',
    number: 1318,
    placedAt: '2026-02-28T23:41:05-05:00',
    currency: 'CAD',
    decimals: 2,
    pricesIncludeTax: false,
    code: 'ERABLE10',
    lines: [
      {
        title: 'Maple syrup, amber, 540 ml',
        sku: 'SYR-540',
        price: 1899,
        quantity: 3,
        discount: 570,
        taxes: [
          ['GST', 0.05, 257],
          ['QST', 0.09975, 512],
        ],
      },
      {
        title: 'Tuque, grey',
        sku: 'TUQ-G',
        price: 3349,
        quantity: 1,
        discount: 335,
        taxes: [
          ['GST', 0.05, 150],
          ['QST', 0.09975, 300],
        ],
      },
    ],
    shipping: {
      price: 1250,
      taxes: [
        ['GST', 0.05, 63],
        ['QST', 0.09975, 125],
      ],
    },
    cashRounding: 0,
    control: {
      total: '107.98',
      tax: '14.07',
      rounding: '0.00',
      steps: [
        'Shop, GST 5 % on goods: 81.41 x 5 % = 4.0705, rounded 4.07, as 2.57 + 1.50 on the lines',
        'Shop, QST 9.975 % on goods: 81.41 x 9.975 % = 8.120648…, rounded 8.12, as 5.12 + 3.00 on the lines',
        'Shop, GST 5 % on shipping: 12.50 x 5 % = 0.625, rounded 0.63',
        'Shop, QST 9.975 % on shipping: 12.50 x 9.975 % = 1.246875, rounded 1.25',
        'FreshBooks, GST 5 %: net 93.91 x 5 % = 4.6955, rounded 4.70',
        'FreshBooks, QST 9.975 %: net 93.91 x 9.975 % = 9.367523…, rounded 9.37',
        'Net of all lines 93.91 + taxes charged 14.07 = 107.98, what the buyer paid',
        'Net of all lines 93.91 + taxes in FreshBooks 14.07 = 107.98, the invoice',
      ],
    },
  },
  {
    file: 'united-kingdom',
    title: 'United Kingdom: VAT 20 % within the prices, ten pieces less 25 %',
    shop: 'pennine-paper.myshopify.com',
    number: 8801,
    placedAt: '2026-06-30T23:58:12+01:00',
    currency: 'GBP',
    decimals: 2,
    pricesIncludeTax: true,
    code: 'QUARTER',
    lines: [
      {
        title: 'Cotton rag notebook',
        sku: 'NB-A5',
        price: 2390,
        quantity: 10,
        discount: 5975,
        taxes: [['GB VAT', 0.2, 2988]],
      },
    ],
    cashRounding: 0,
    control: {
      total: '179.25',
      tax: '29.87',
      rounding: '0.01',
      steps: [
        'Shop, GB VAT 20 % on goods: 179.25 x 20 / 120 = 29.875, rounded 29.88, as 29.88 on the lines',
        'FreshBooks, GB VAT 20 %: net 149.37 x 20 % = 29.874, rounded 29.87',
        'Net of all lines 149.37 + taxes charged 29.88 = 179.25, what the buyer paid',
        'Net of all lines 149.37 + taxes in FreshBooks 29.87 + rounding 0.01 = 179.25, the invoice',
      ],
    },
  },
  {
    file: 'germany',
    title: 'Germany: 19 % and 7 % within the prices of one order',
    shop: 'kaffeehof-muster.myshopify.com',
    number: 4410,
    placedAt: '2026-12-31T23:30:00+01:00',
    currency: 'EUR',
    decimals: 2,
    pricesIncludeTax: true,
    code: 'ADVENT',
    lines: [
      {
        title: 'Handfilter, Porzellan',
        sku: 'HF-02',
        price: 2495,
        quantity: 3,
        discount: 749,
        taxes: [['DE MwSt', 0.19, 1075]],
      },
      {
        title: 'Röstkaffee, 500 g',
        sku: 'RK-500',
        price: 1349,
        quantity: 2,
        discount: 270,
        taxes: [['DE MwSt', 0.07, 159]],
      },
    ],
    shipping: { price: 590, taxes: [['DE MwSt', 0.19, 94]] },
    cashRounding: 0,
    control: {
      total: '97.54',
      tax: '13.29',
      rounding: '-0.01',
      steps: [
        'Shop, DE MwSt 19 % on goods: 67.36 x 19 / 119 = 10.754958…, rounded 10.75, as 10.75 on the lines',
        'Shop, DE MwSt 7 % on goods: 24.28 x 7 / 107 = 1.588411…, rounded 1.59, as 1.59 on the lines',
        'Shop, DE MwSt 19 % on shipping: 5.90 x 19 / 119 = 0.942017…, rounded 0.94',
        'FreshBooks, DE MwSt 19 %: net 61.57 x 19 % = 11.6983, rounded 11.70',
        'FreshBooks, DE MwSt 7 %: net 22.69 x 7 % = 1.5883, rounded 1.59',
        'Net of all lines 84.26 + taxes charged 13.28 = 97.54, what the buyer paid',
        'Net of all lines 84.26 + taxes in FreshBooks 13.29 + rounding -0.01 = 97.54, the invoice',
      ],
    },
  },
  {
    file: 'france',
    title: 'France: 20 % and 5.5 % within the prices',
    shop: 'librairie-du-canal.myshopify.com',
    number: 733,
    placedAt: '2026-09-01T09:15:27+02:00',
    currency: 'EUR',
    decimals: 2,
    pricesIncludeTax: true,
    code: 'RENTREE',
    lines: [
      {
        title: 'Roman, broché',
        sku: 'LIV-19',
        price: 1995,
        quantity: 3,
        discount: 299,
        taxes: [['FR TVA', 0.055, 296]],
      },
      {
        title: 'Carnet à spirale',
        sku: 'CAR-4',
        price: 895,
        quantity: 2,
        discount: 0,
        taxes: [['FR TVA', 0.2, 298]],
      },
    ],
    shipping: { price: 399, taxes: [['FR TVA', 0.2, 67]] },
    cashRounding: 0,
    control: {
      total: '78.75',
      tax: '6.61',
      rounding: '0.00',
      steps: [
        'Shop, FR TVA 5.5 % on goods: 56.86 x 5.5 / 105.5 = 2.964265…, rounded 2.96, as 2.96 on the lines',
        'Shop, FR TVA 20 % on goods: 17.90 x 20 / 120 = 2.983333…, rounded 2.98, as 2.98 on the lines',
        'Shop, FR TVA 20 % on shipping: 3.99 x 20 / 120 = 0.665, rounded 0.67',
        'FreshBooks, FR TVA 5.5 %: net 53.90 x 5.5 % = 2.9645, rounded 2.96',
        'FreshBooks, FR TVA 20 %: net 18.24 x 20 % = 3.648, rounded 3.65',
        'Net of all lines 72.14 + taxes charged 6.61 = 78.75, what the buyer paid',
        'Net of all lines 72.14 + taxes in FreshBooks 6.61 = 78.75, the invoice',
      ],
    },
  },
  {
    file: 'australia',
    title: 'Australia: GST 10 % within the prices, one line free of GST',
    shop: 'gumtree-goods.myshopify.com',
    number: 5120,
    placedAt: '2026-07-01T00:04:59+10:00',
    currency: 'AUD',
    decimals: 2,
    pricesIncludeTax: true,
    code: 'WINTER',
    lines: [
      {
        title: 'Picnic rug',
        sku: 'RUG-B',
        price: 8995,
        quantity: 1,
        discount: 1349,
        taxes: [['GST', 0.1, 696]],
      },
      {
        title: 'Enamel mug',
        sku: 'MUG-W',
        price: 1749,
        quantity: 4,
        discount: 1049,
        taxes: [['GST', 0.1, 540]],
      },
      { title: 'Macadamias, raw, 1 kg', sku: 'MAC-1K', price: 3290, quantity: 1, discount: 0, taxes: [] },
    ],
    shipping: { price: 1095, taxes: [['GST', 0.1, 100]] },
    cashRounding: 0,
    control: {
      total: '179.78',
      tax: '13.35',
      rounding: '0.01',
      steps: [
        'Shop, GST 10 % on goods: 135.93 x 10 / 110 = 12.357273…, rounded 12.36, as 6.96 + 5.40 on the lines',
        'Shop, GST 10 % on shipping: 10.95 x 10 / 110 = 0.995455…, rounded 1.00',
        'FreshBooks, GST 10 %: net 133.52 x 10 % = 13.352, rounded 13.35',
        'Net of all lines 166.42 + taxes charged 13.36 = 179.78, what the buyer paid',
        'Net of all lines 166.42 + taxes in FreshBooks 13.35 + rounding 0.01 = 179.78, the invoice',
      ],
    },
  },
  {
    file: 'india',
    title: 'India: IGST 18 % and 5 % on top, sent to another state',
    shop: 'indigo-loom.myshopify.com',
    number: 90125,
    placedAt: '2026-03-31T23:45:00+05:30',
    currency: 'INR',
    decimals: 2,
    pricesIncludeTax: false,
    code: 'HOLI',
    lines: [
      {
        title: 'Block-print quilt',
        sku: 'QLT-Q',
        price: 349999,
        quantity: 1,
        discount: 35033,
        taxes: [['IGST', 0.18, 56694]],
      },
      {
        title: 'Cotton runner',
        sku: 'RUN-2',
        price: 64933,
        quantity: 3,
        discount: 19497,
        taxes: [['IGST', 0.05, 8765]],
      },
    ],
    shipping: { price: 14900, taxes: [['IGST', 0.18, 2682]] },
    cashRounding: 0,
    control: {
      total: '5733.09',
      tax: '681.41',
      rounding: '0.00',
      steps: [
        'Shop, IGST 18 % on goods: 3149.66 x 18 % = 566.9388, rounded 566.94, as 566.94 on the lines',
        'Shop, IGST 5 % on goods: 1753.02 x 5 % = 87.651, rounded 87.65, as 87.65 on the lines',
        'Shop, IGST 18 % on shipping: 149.00 x 18 % = 26.82, rounded 26.82',
        'FreshBooks, IGST 18 %: net 3298.66 x 18 % = 593.7588, rounded 593.76',
        'FreshBooks, IGST 5 %: net 1753.02 x 5 % = 87.651, rounded 87.65',
        'Net of all lines 5051.68 + taxes charged 681.41 = 5733.09, what the buyer paid',
        'Net of all lines 5051.68 + taxes in FreshBooks 681.41 = 5733.09, the invoice',
      ],
    },
  },
  {
    file: 'japan',
    title: 'Japan: consumption tax 10 % and 8 % within the prices, no decimals',
    shop: 'yama-no-cha.myshopify.com',
    number: 6077,
    placedAt: '2026-01-01T00:10:00+09:00',
    currency: 'JPY',
    decimals: 0,
    pricesIncludeTax: true,
    code: 'OTOSHI',
    lines: [
      {
        title: '急須 (tea pot)',
        sku: 'KYU-1',
        price: 7481,
        quantity: 1,
        discount: 747,
        taxes: [['CT', 0.1, 612]],
      },
      {
        title: '煎茶 (sencha), 100 g',
        sku: 'SEN-100',
        price: 1283,
        quantity: 3,
        discount: 385,
        taxes: [['CT', 0.08, 257]],
      },
    ],
    shipping: { price: 755, taxes: [['CT', 0.1, 69]] },
    cashRounding: 0,
    control: {
      total: '10953',
      tax: '938',
      rounding: '0',
      steps: [
        'Shop, CT 10 % on goods: 6734 x 10 / 110 = 612.1818…, rounded 612, as 612 on the lines',
        'Shop, CT 8 % on goods: 3464 x 8 / 108 = 256.5926…, rounded 257, as 257 on the lines',
        'Shop, CT 10 % on shipping: 755 x 10 / 110 = 68.6364…, rounded 69',
        'FreshBooks, CT 10 %: net 6808 x 10 % = 680.8, rounded 681',
        'FreshBooks, CT 8 %: net 3207 x 8 % = 256.56, rounded 257',
        'Net of all lines 10015 + taxes charged 938 = 10953, what the buyer paid',
        'Net of all lines 10015 + taxes in FreshBooks 938 = 10953, the invoice',
        'Not proven of FreshBooks: with two decimals in yen its taxes would be 680.80 + 256.56 and the total 10952.36, which is not what was charged',
      ],
    },
  },
  {
    file: 'switzerland',
    title: 'Switzerland: MWST 8.1 % and 2.6 % within the prices, paid in cash and rounded to 5 Rappen',
    shop: 'bergkraeuter-laden.myshopify.com',
    number: 512,
    placedAt: '2026-08-01T16:03:00+02:00',
    currency: 'CHF',
    decimals: 2,
    pricesIncludeTax: true,
    code: 'AUGUST',
    lines: [
      {
        title: 'Arvenholz-Kissen',
        sku: 'KIS-1',
        price: 5990,
        quantity: 1,
        discount: 599,
        taxes: [['MWST', 0.081, 404]],
      },
      {
        title: 'Kräutertee, 50 g',
        sku: 'TEE-50',
        price: 1287,
        quantity: 3,
        discount: 193,
        taxes: [['MWST', 0.026, 93]],
      },
    ],
    cashRounding: 1,
    control: {
      total: '90.60',
      tax: '4.97',
      rounding: '0.00',
      steps: [
        'Shop, MWST 8.1 % on goods: 53.91 x 8.1 / 108.1 = 4.03951…, rounded 4.04, as 4.04 on the lines',
        'Shop, MWST 2.6 % on goods: 36.68 x 2.6 / 102.6 = 0.929513…, rounded 0.93, as 0.93 on the lines',
        'FreshBooks, MWST 8.1 %: net 49.87 x 8.1 % = 4.03947, rounded 4.04',
        'FreshBooks, MWST 2.6 %: net 35.75 x 2.6 % = 0.9295, rounded 0.93',
        'Till: 90.59 rounded to 0.05 is 90.60, so cash rounding is 0.01',
        'Net of all lines 85.62 + taxes charged 4.97 + cash rounding 0.01 = 90.60, what the buyer paid',
        'Net of all lines 85.62 + taxes in FreshBooks 4.97 + cash rounding 0.01 = 90.60, the invoice',
      ],
    },
  },
  {
    file: 'brazil',
    title: 'Brazil: three taxes within the prices',
    shop: 'cafe-da-serra.myshopify.com',
    number: 30014,
    placedAt: '2026-05-15T21:07:33-03:00',
    currency: 'BRL',
    decimals: 2,
    pricesIncludeTax: true,
    code: 'SERRA5',
    lines: [
      {
        title: 'Café torrado, 1 kg',
        sku: 'CAF-1K',
        price: 7990,
        quantity: 4,
        discount: 1598,
        taxes: [
          ['ICMS', 0.18, 4295],
          ['PIS', 0.0165, 394],
          ['COFINS', 0.076, 1814],
        ],
      },
      {
        title: 'Coador de pano',
        sku: 'COA-1',
        price: 1935,
        quantity: 3,
        discount: 290,
        taxes: [
          ['ICMS', 0.18, 780],
          ['PIS', 0.0165, 71],
          ['COFINS', 0.076, 329],
        ],
      },
    ],
    shipping: { price: 2490, taxes: [] },
    cashRounding: 0,
    control: {
      total: '383.67',
      tax: '76.83',
      rounding: '0.00',
      steps: [
        'Shop, ICMS 18 % on goods: 358.77 x 18 / 127.25 = 50.749391…, rounded 50.75, as 42.95 + 7.80 on the lines',
        'Shop, PIS 1.65 % on goods: 358.77 x 1.65 / 127.25 = 4.652028…, rounded 4.65, as 3.94 + 0.71 on the lines',
        'Shop, COFINS 7.6 % on goods: 358.77 x 7.6 / 127.25 = 21.427521…, rounded 21.43, as 18.14 + 3.29 on the lines',
        'FreshBooks, ICMS 18 %: net 281.94 x 18 % = 50.7492, rounded 50.75',
        'FreshBooks, PIS + COFINS 9.25 %: net 281.94 x 9.25 % = 26.07945, rounded 26.08',
        'Net of all lines 306.84 + taxes charged 76.83 = 383.67, what the buyer paid',
        'Net of all lines 306.84 + taxes in FreshBooks 76.83 = 383.67, the invoice',
      ],
    },
  },
];
