using Akka.Actor;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Segments;

/// <summary>Gateway to segment table: a PutStart or a call on segments. (A call itself knows nothing of Akka, so it needs an envelope.)</summary>
public sealed record SegmentRequest(MasterCall Call) : INoSerializationVerificationNeeded;
