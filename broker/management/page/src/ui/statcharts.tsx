// The charts that several pages show.
import { useMemo } from "preact/hooks";
import type { Connection, Stats } from "../api/types";
import { Card } from "./bits";
import { Chart, RangeChoice } from "./chart";
import { byteRate, compact, rate } from "./format";
import { gauges, messageRates, queueLengths, rates, type Named } from "./plots";

/** Queue lengths and message rates, side by side. */
export function MessageCharts({
  lengths,
  stats,
  named = messageRates,
}: {
  lengths?: object | undefined;
  stats: Stats | undefined;
  named?: Named[];
}) {
  const lengthPlot = useMemo(() => gauges(lengths, queueLengths), [lengths]);
  const ratePlot = useMemo(() => rates(stats, named, 4), [stats, named]);
  return (
    <>
      {lengths && (
        <Card title="Queued messages" actions={<RangeChoice />}>
          <Chart title="Queued messages" plot={lengthPlot} format={compact} />
        </Card>
      )}
      <Card title="Message rates" actions={<RangeChoice />}>
        <Chart title="Message rates" plot={ratePlot} format={rate} />
      </Card>
    </>
  );
}

const octets: Named[] = [
  ["recv_oct", "From client"],
  ["send_oct", "To client"],
];

export function OctetsChart({ of }: { of: Connection }) {
  const plot = useMemo(() => rates(of, octets, 2), [of]);
  return (
    <Card wide title="Data rates" actions={<RangeChoice />}>
      <Chart title="Data rates" plot={plot} format={byteRate} />
    </Card>
  );
}
