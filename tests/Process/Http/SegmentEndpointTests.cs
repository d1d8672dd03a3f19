// Segments over HTTP.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class SegmentEndpointTests
{
    private static readonly SegmentUse[] Mounted =
    [
        Use(1, "host-a:1", SegmentStatus.Ok, 16UL << 30, 1UL << 30),
        Use(2, "host-a:1", SegmentStatus.Ok, 1024, 24),
        Use(3, "host-b:1", SegmentStatus.GracefullyUnmounting, 2048, 0),
    ];

    [Fact]
    public async Task Names_of_allocatable_segments_come_once_each()
    {
        await using var server = await StartMountedAsync();
        var answer = await server.GetAsync("/get_all_segments");
        Assert.Equal((200, "host-a:1\n"), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Details_of_every_mounted_segment_are_told()
    {
        await using var server = await StartMountedAsync();
        var json = (await server.GetAsync("/get_segments_detail")).Json;
        Assert.Equal(3, json.GetProperty("total_segments").GetInt32());
        Assert.Equal(
            """{"segment_name":"host-a:1","segment_id":"1-0","client_id":"5-6","base_address":"0x300000000","size_bytes":17179869184"""
                + ""","size_human":"16 GiB","te_endpoint":"host-a:1:te","protocol":"tcp","status":"OK","allocator_used_bytes":1073741824"""
                + ""","allocator_capacity_bytes":17179869184,"allocator_usage_percent":6.25}""",
            json.GetProperty("segments")[0].GetRawText());
        Assert.Equal("GRACEFULLY_UNMOUNTING", json.GetProperty("segments")[2].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Use_of_a_name_is_the_sum_of_its_segments()
    {
        await using var server = await StartMountedAsync();
        var answer = await server.GetAsync("/query_segment?segment=host-a:1");
        Assert.Equal((200, "host-a:1\nUsed(bytes): 1073741848\nCapacity(bytes) : 17179870208\n"), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Use_of_an_unknown_name_is_a_500_as_mooncake_has_it()
    {
        await using var server = await StartMountedAsync();
        Assert.Equal(500, (await server.GetAsync("/query_segment?segment=nobody")).Status);
    }

    [Fact]
    public async Task Status_of_a_segment_is_told_by_number_and_name()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call =>
        {
            var query = (QuerySegmentStatusCall)call;
            Assert.Equal("host-a:1", query.Name);
            query.Status = SegmentStatus.Draining;
            query.Finish(ErrorCode.Ok);
        };
        var answer = await server.GetAsync("/api/v1/segments/status?segment=host-a:1");
        Assert.Equal(
            (200, """{"success":true,"segment":"host-a:1","status":2,"status_name":"DRAINING","error_code":0,"error_message":""}"""),
            (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Status_of_an_unknown_segment_is_404()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => ((SegmentCall)call).Finish(ErrorCode.SegmentNotFound);
        var answer = await server.GetAsync("/api/v1/segments/status?segment=nobody");
        Assert.Equal((404, -101, "SEGMENT_NOT_FOUND"), (answer.Status, answer.ErrorCode, answer.ErrorMessage));
    }

    private static async Task<AdminServerFixture> StartMountedAsync()
    {
        var server = await StartAsync();
        server.Gateway.Script = call =>
        {
            ((ListSegmentsCall)call).Segments = Mounted;
            ((ListSegmentsCall)call).Finish(ErrorCode.Ok);
        };
        return server;
    }

    private static SegmentUse Use(ulong id, string name, SegmentStatus status, ulong size, ulong used) => new(
        new Uuid(5, 6), new Segment(new Uuid(id, 0), name, 0x3_0000_0000, size, name + ":te", "tcp", ""), status, used);
}
