// Frames recorded from Mooncake's own peers: what they mean, and that the same meaning gives the same bytes.
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Tests.Compatibility.Golden;

namespace HotStandby.Tests.Compatibility;

public sealed class GoldenFrameTests
{
    public static TheoryData<string> Calls() => [.. GoldenFile.Frames.Where(frame => frame.Function != "-").Select(frame => frame.ToString())];

    public static TheoryData<string> Refusals() => [.. GoldenFile.Frames.Where(frame => frame.Function == "-").Select(frame => frame.ToString())];

    [Theory]
    [MemberData(nameof(Calls))]
    public void Recorded_frame_means_what_was_sent(string name)
    {
        var frame = Find(name);
        var decoded = CallCatalog.Of(frame).Decode(frame);
        Assert.NotNull(decoded);
        Assert.Equal(frame.Meaning, decoded.Meaning);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Recorded_frame_is_encoded_again_byte_for_byte(string name)
    {
        var frame = Find(name);
        var decoded = CallCatalog.Of(frame).Decode(frame);
        Assert.NotNull(decoded);
        Assert.Equal(Convert.ToHexString(frame.Bytes), Convert.ToHexString(decoded.Encode(CallNumber(frame), frame.Flavour)));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Recorded_request_names_its_function(string name)
    {
        var frame = Find(name);
        if (!frame.IsRequest)
        {
            Assert.True(ResponseHeader.TryRead(frame.Bytes, out var response));
            Assert.Equal((RpcErrorCode.Ok, frame.Bytes.Length - ResponseHeader.Bytes), (response.Error, (int)response.BodyBytes));
            return;
        }
        Assert.True(RequestHeader.TryRead(frame.Bytes, out var header));
        Assert.True(RpcTable.Newest.TryFind(header.FunctionId, out var function));
        Assert.Equal(frame.Function, function.Rpc.ToString());
        Assert.Equal((uint)frame.Bytes.Length - RequestHeader.Bytes, header.BodyBytes);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Recorded_refusal_is_read_and_written_again_byte_for_byte(string name)
    {
        var frame = Find(name);
        Assert.True(ResponseHeader.TryRead(frame.Bytes, out var header));
        var error = RpcError.Read(header.Error, CallCodec.Body(frame));
        Assert.Equal(frame.Meaning, $"refused {(int)error.Code} {error.ExtendedCode} '{error.Text}'");

        var output = new System.Buffers.ArrayBufferWriter<byte>();
        if (error.Code == RpcErrorCode.Extended)
            FrameWriter.WriteExtendedError(output, header.CallNumber, error.ExtendedCode, error.Text, frame.Flavour);
        else
            FrameWriter.WriteError(output, header.CallNumber, error.Code, error.Text, frame.Flavour);
        Assert.Equal(Convert.ToHexString(frame.Bytes), Convert.ToHexString(output.WrittenSpan));
    }

    [Fact]
    public void Every_call_has_recorded_frames_in_both_directions()
    {
        foreach (var rpc in CallCatalog.Codecs.Keys)
        {
            Assert.Contains(GoldenFile.Frames, frame => frame.IsRequest && frame.Function == rpc.ToString());
            Assert.Contains(GoldenFile.Frames, frame => !frame.IsRequest && frame.Function == rpc.ToString());
        }
        Assert.Contains(GoldenFile.Frames, frame => frame.Flavour == StructPackFlavour.Plain);
        Assert.Equal(20, CallCatalog.Codecs.Count);
    }

    private static GoldenFrame Find(string name) => GoldenFile.Frames.Single(frame => frame.ToString() == name);

    private static uint CallNumber(GoldenFrame frame) => BitConverter.ToUInt32(frame.Bytes, 4);
}
