using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>Ends a scan when all its items are settled.</summary>
internal sealed class ScanEnd(ScanCall scan, KeyedOperation operation) : IReplySink
{
    public void Answer(MasterCall call)
    {
        var keyed = (KeyedCall)call;
        var good = Enumerable.Range(0, keyed.Keys.Length).Where(i => keyed.Results[i].Error == ErrorCode.Ok).ToArray();
        if (operation == KeyedOperation.Remove)
            scan.Finish([], good.Length);
        else
            scan.Finish([.. good.Select(i => (keyed.Keys[i], keyed.Results[i].Replicas))], 0);
    }

    public void Abandon(MasterCall call) => scan.Abandon();
}
