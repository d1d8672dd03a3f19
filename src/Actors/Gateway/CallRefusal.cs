using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Gateway;

/// <summary>Settles whole calls that nobody worked on.</summary>
internal static class CallRefusal
{
    /// <summary>Gives every item of the call this error and settles them all.</summary>
    public static void Refuse(this MasterCall call, ErrorCode error)
    {
        switch (call)
        {
            case SegmentCall segmentCall:
                segmentCall.Finish(error);
                break;
            case ScanCall scanCall:
                scanCall.Fail(error);
                break;
            case KeyedCall keyedCall:
                foreach (ref var result in keyedCall.Results.AsSpan())
                    result.Error = error;
                keyedCall.Settle(keyedCall.Results.Length);
                break;
            default:
                throw new ArgumentException($"a {call.GetType().Name} is no call of this master", nameof(call));
        }
    }
}
