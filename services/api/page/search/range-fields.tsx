import { address, addressWith, go } from '../address.js';
import { texts } from '../language/language.js';
import { scoreNames, timeNames, type FilterName } from './filter.js';

/** From and to: of the chosen label's scores, where one is chosen, and of the time of embedding. */
export function RangeFields() {
  return (
    <div class="ranges">
      {address.value.get('label') &&
        scoreNames.map((name) => (
          <RangeField
            key={name}
            name={name}
            input={{ type: 'number', step: 0.01, min: name.startsWith('cosine') ? -1 : 0, max: 1 }}
          />
        ))}
      {timeNames.map((name) => (
        <RangeField key={name} name={name} input={{ type: 'date' }} />
      ))}
    </div>
  );
}

function RangeField({ name, input }: { name: FilterName; input: Record<string, string | number> }) {
  return (
    <label>
      {texts.value.filterNames[name]}
      <input
        {...input}
        value={address.value.get(name) ?? ''}
        onChange={({ currentTarget }) => {
          if (currentTarget.reportValidity()) go(addressWith({ [name]: currentTarget.value }));
        }}
      />
    </label>
  );
}
