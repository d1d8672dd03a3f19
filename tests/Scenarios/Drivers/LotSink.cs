using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>Tells a scan of one node what came of its lots.</summary>
internal sealed class LotSink(InProcessNode node, CellAddress scan) : IReplySink
{
    public void Answer(MasterCall call) => node.Post(scan, new LotAnswered((KeyedCall)call), from: default);

    public void Abandon(MasterCall call) => node.Post(scan, LotAbandoned.Instance, from: default);
}
